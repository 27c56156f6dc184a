/** Runs inside the browser: what test/e2e/backdrop.test.ts calls on `window.backdrop`. */
import { WorldBackdrop } from '@sora-world/three'
import { type DepthBuffer, WorldBackdrop as NodeWorldBackdrop } from '@sora-world/three/webgpu'
import {
  Mesh,
  MeshBasicMaterial,
  PerspectiveCamera,
  PlaneGeometry,
  Scene,
  SRGBColorSpace,
  WebGLRenderer,
  WebGLRenderTarget,
} from 'three'
import { MeshBasicNodeMaterial, RenderTarget, WebGPURenderer } from 'three/webgpu'
import { FAKE_MANIFEST } from '../../../packages/sdk/src/transport/fake-manifest.ts'
import { scriptedWorld } from './test-pictures.ts'

const WIDTH = 64
const HEIGHT = 32
/** Blocks: of the left and right half of the world, of the red plane between, and the clipping planes. */
const [LEFT, RIGHT, PLANE] = [3, 8, 5]
const [NEAR, FAR] = [0.1, 100]

/** A blue world, left half nearer than the red plane of the scene, right half farther; top quarter green sky. */
function sceneWith(backdrop: WorldBackdrop, material: MeshBasicMaterial | MeshBasicNodeMaterial) {
  const world = { ...scriptedWorld(), manifest: FAKE_MANIFEST }
  backdrop.setWorld(world as never)
  const rgba = new Uint8ClampedArray(WIDTH * HEIGHT * 4)
  const inverseDepth = new Float32Array(WIDTH * HEIGHT)
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    const isSky = i < (WIDTH * HEIGHT) / 4
    rgba.set(isSky ? [0, 255, 0, 255] : [0, 0, 255, 255], i * 4)
    inverseDepth[i] = isSky ? 0 : 1 / (i % WIDTH < WIDTH / 2 ? LEFT : RIGHT)
  }
  const size = { width: WIDTH, height: HEIGHT, depthWidth: WIDTH, depthHeight: HEIGHT }
  world.show({ ...size, rgba, inverseDepth } as never)
  const camera = new PerspectiveCamera(60, WIDTH / HEIGHT, NEAR, FAR)
  const plane = new Mesh(new PlaneGeometry(100, 100), material)
  plane.position.z = -PLANE
  const scene = new Scene().add(backdrop, plane)
  return { scene, camera }
}

/** Colours seen at three places: left half, right half, sky. `row(v)` is where a height from the top lies. */
function look(drawn: ArrayLike<number>, stride: number, isBottomFirst: boolean) {
  const at = (x: number, y: number) => {
    const start = (isBottomFirst ? HEIGHT - 1 - y : y) * stride + x * 4
    return ['red', 'green', 'blue'].find((_, k) => drawn[start + k]! > 200) ?? 'none'
  }
  return { left: at(8, 24), right: at(56, 24), sky: at(20, 3) }
}

function withWebgl(depthBuffer: DepthBuffer) {
  const renderer = new WebGLRenderer({
    reversedDepthBuffer: depthBuffer === 'reversed',
    logarithmicDepthBuffer: depthBuffer === 'logarithmic',
  })
  const target = new WebGLRenderTarget(WIDTH, HEIGHT)
  const backdrop = new WorldBackdrop({ filter: 'nearest' })
  const { scene, camera } = sceneWith(backdrop, new MeshBasicMaterial({ color: 'red' }))
  renderer.setRenderTarget(target)
  renderer.render(scene, camera)
  const drawn = new Uint8Array(WIDTH * HEIGHT * 4)
  renderer.readRenderTargetPixels(target, 0, 0, WIDTH, HEIGHT, drawn)
  const isReversed = renderer.capabilities.reversedDepthBuffer
  backdrop.dispose()
  const { textures } = renderer.info.memory
  renderer.dispose()
  renderer.forceContextLoss()
  return { ...look(drawn, WIDTH * 4, true), isReversed, textures }
}

async function withWebgpu(forceWebGL: boolean, depthBuffer: DepthBuffer) {
  const renderer = new WebGPURenderer({
    forceWebGL,
    reversedDepthBuffer: depthBuffer === 'reversed',
    logarithmicDepthBuffer: depthBuffer === 'logarithmic',
  })
  await renderer.init()
  const target = new RenderTarget(WIDTH, HEIGHT)
  target.texture.colorSpace = SRGBColorSpace
  const backdrop = new NodeWorldBackdrop({ filter: 'nearest', depthBuffer })
  const { scene, camera } = sceneWith(backdrop, new MeshBasicNodeMaterial({ color: 'red' }))
  renderer.setRenderTarget(target)
  renderer.render(scene, camera)
  const drawn = await renderer.readRenderTargetPixelsAsync(target, 0, 0, WIDTH, HEIGHT)
  const isWebgpu = (renderer.backend as { isWebGPUBackend?: boolean }).isWebGPUBackend === true
  backdrop.dispose()
  // See plugin-page.ts: rows may be padded.
  const stride = drawn.length > WIDTH * HEIGHT * 4 ? Math.ceil((WIDTH * 4) / 256) * 256 : WIDTH * 4
  return { ...look(drawn, stride, !isWebgpu), isWebgpu }
}

/** Objects left on the GPU by many backdrops that lived and were disposed. */
function livesOf(times: number) {
  const renderer = new WebGLRenderer()
  const material = new MeshBasicMaterial()
  const target = new WebGLRenderTarget(WIDTH, HEIGHT)
  renderer.setRenderTarget(target)
  for (let i = 0; i < times; i++) {
    const backdrop = new WorldBackdrop()
    const { scene, camera } = sceneWith(backdrop, material)
    renderer.render(scene, camera)
    backdrop.dispose()
    for (const child of scene.children) (child as Mesh).geometry.dispose()
  }
  const { textures, geometries } = renderer.info.memory
  renderer.dispose()
  return { textures, geometries }
}

const backdrop = { withWebgl, withWebgpu, livesOf }
export type BackdropPage = typeof backdrop
Object.assign(window, { backdrop })
