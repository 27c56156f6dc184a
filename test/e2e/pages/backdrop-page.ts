/** Runs inside the browser: what test/e2e/backdrop.test.ts calls on `window.backdrop`. */
import {
  ChunkAssembler,
  encodeChunkPacket,
  encodeDepth,
  ImageDecoder,
  type Picture,
  PROTOCOL_VERSION,
} from '@sora-world/sdk'
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
/** Pixels per sample of the depth that is streamed. */
const COARSE = 8

/** A blue world, left half nearer than the red plane of the scene, right half farther; top quarter green sky. */
function sceneWith(
  backdrop: WorldBackdrop,
  material: MeshBasicMaterial | MeshBasicNodeMaterial,
  picture: Shown = blueWorld(),
) {
  const world = { ...scriptedWorld(), manifest: FAKE_MANIFEST }
  backdrop.setWorld(world as never)
  world.show(picture as never)
  const camera = new PerspectiveCamera(60, WIDTH / HEIGHT, NEAR, FAR)
  const plane = new Mesh(new PlaneGeometry(100, 100), material)
  plane.position.z = -PLANE
  const scene = new Scene().add(backdrop, plane)
  return { scene, camera }
}

type Shown = Pick<Picture, 'width' | 'height' | 'rgba' | 'inverseDepth' | 'depthWidth' | 'depthHeight'>

function blueWorld(): Shown {
  const rgba = new Uint8ClampedArray(WIDTH * HEIGHT * 4)
  const inverseDepth = new Float32Array(WIDTH * HEIGHT)
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    const isSky = i < (WIDTH * HEIGHT) / 4
    rgba.set(isSky ? [0, 255, 0, 255] : [0, 0, 255, 255], i * 4)
    inverseDepth[i] = isSky ? 0 : 1 / (i % WIDTH < WIDTH / 2 ? LEFT : RIGHT)
  }
  return { width: WIDTH, height: HEIGHT, rgba, inverseDepth, depthWidth: WIDTH, depthHeight: HEIGHT }
}

/** The blue world as it comes in the image downlink: a WebP and coarse depth in a packet, taken apart and decoded. */
async function receivedWorld(): Promise<Picture> {
  const { rgba } = blueWorld()
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT)
  canvas.getContext('2d')!.putImageData(new ImageData(rgba, WIDTH, HEIGHT), 0, 0)
  const image = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/webp', quality: 0.8 })).arrayBuffer())
  const [rows, columns] = [HEIGHT / COARSE, WIDTH / COARSE]
  const depth = Float32Array.from({ length: rows * columns }, (_, i) => {
    if (i < (rows * columns) / 4) return 0
    return 1 / (i % columns < columns / 2 ? LEFT : RIGHT)
  })
  const payload = Uint8Array.from([...image, ...encodeDepth(depth)])
  const timings = { queueMs: 0, denoiseMs: 0, commitMs: 0, decodeMs: 0, serverMs: 0 }
  const place = { world: 0, seq: 0, firstFrame: 0, frames: 1, actionSeq: 0, driver: '', pose: [], steps: 1, timings }
  const pictures = {
    imageBytes: [image.length],
    imageType: 'image/webp',
    depthShape: [rows, columns] as [number, number],
  }
  const packet = encodeChunkPacket(
    { v: PROTOCOL_VERSION, kind: 'image', shape: [1, 1, 1], ...place, ...pictures },
    payload,
  )
  const outcome = new ChunkAssembler().push(packet)
  if (outcome.kind !== 'chunk') throw new Error(`the packet is ${outcome.kind}`)
  const decoded = await new ImageDecoder().decode(outcome.chunk)
  return decoded.pictures[0]!
}

async function withImages() {
  const renderer = new WebGLRenderer()
  const backdrop = new WorldBackdrop({ filter: 'nearest' })
  const seen = drawWith(renderer, backdrop, await receivedWorld())
  backdrop.dispose()
  renderer.dispose()
  renderer.forceContextLoss()
  return seen
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
  const backdrop = new WorldBackdrop({ filter: 'nearest' })
  const seen = drawWith(renderer, backdrop)
  const isReversed = renderer.capabilities.reversedDepthBuffer
  backdrop.dispose()
  const { textures } = renderer.info.memory
  renderer.dispose()
  renderer.forceContextLoss()
  return { ...seen, isReversed, textures }
}

function drawWith(renderer: WebGLRenderer, backdrop: WorldBackdrop, picture?: Shown) {
  const { scene, camera } = sceneWith(backdrop, new MeshBasicMaterial({ color: 'red' }), picture)
  const target = new WebGLRenderTarget(WIDTH, HEIGHT)
  renderer.setRenderTarget(target)
  renderer.render(scene, camera)
  const drawn = new Uint8Array(WIDTH * HEIGHT * 4)
  renderer.readRenderTargetPixels(target, 0, 0, WIDTH, HEIGHT, drawn)
  return look(drawn, WIDTH * 4, true)
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

const backdrop = { withWebgl, withWebgpu, withImages, livesOf }
export type BackdropPage = typeof backdrop
Object.assign(window, { backdrop })
