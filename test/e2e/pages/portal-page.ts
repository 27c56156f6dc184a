/** Runs inside the browser: what test/e2e/portal.test.ts calls on `window.portal`. */
import { PortalReturn, WorldPortal } from '@sora-world/three'
import { WorldPortal as NodeWorldPortal } from '@sora-world/three/webgpu'
import {
  Color,
  DoubleSide,
  Mesh,
  MeshBasicMaterial,
  PerspectiveCamera,
  PlaneGeometry,
  Scene,
  SRGBColorSpace,
  WebGLRenderer,
  WebGLRenderTarget,
} from 'three'
import { RenderTarget, WebGPURenderer } from 'three/webgpu'
import { FAKE_MANIFEST } from '../../../packages/sdk/src/transport/fake-manifest.ts'
import { scriptedWorld } from './test-pictures.ts'

const WIDTH = 128
const HEIGHT = 64
const FOV = FAKE_MANIFEST.camera.verticalFovDegrees
/** A red post in the middle, before a blue wall; blocks from the generated eye, and half the post's width. */
const [POST, WALL, HALF_POST] = [2, 8, 0.3]
const HALF_WIDTH = Math.tan((FOV * Math.PI) / 360) * (WIDTH / HEIGHT)

/** What the generated eye sees: level, with exact depth for each pixel. */
function postFrame() {
  const rgba = new Uint8ClampedArray(WIDTH * HEIGHT * 4)
  const inverseDepth = new Float32Array(WIDTH * HEIGHT)
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    const aside = (2 * (((i % WIDTH) + 0.5) / WIDTH) - 1) * HALF_WIDTH
    const isPost = Math.abs(aside) < HALF_POST / POST
    rgba.set(isPost ? [255, 0, 0, 255] : [0, 0, 255, 255], i * 4)
    inverseDepth[i] = 1 / (isPost ? POST : WALL)
  }
  const size = { width: WIDTH, height: HEIGHT, depthWidth: WIDTH, depthHeight: HEIGHT }
  // Worlds begin looking down 6 degrees.
  return { ...size, rgba, inverseDepth, world: 0, seq: 0, pose: { x: 0, y: 0, z: 0, yaw: 0, pitch: -6 } }
}

/** The opening stands one block before the generated eye; the camera `aside` of it, as far away. */
function sceneWith(portal: WorldPortal, aside: number) {
  const world = { ...scriptedWorld(), manifest: FAKE_MANIFEST, frame: null }
  portal.setWorld(world as never)
  world.show(postFrame() as never)
  const camera = new PerspectiveCamera(FOV, WIDTH / HEIGHT, 0.1, 100)
  camera.position.set(aside, 0, 1)
  return { scene: new Scene().add(portal), camera }
}

const OPTIONS = { width: 6, height: 4, floor: -1.62, eyeHeight: 1.62, eyeDistance: 1, filter: 'nearest' } as const

/** First and last red column of the middle row, in blocks to the side at the post's distance; null without any. */
function postIn(drawn: ArrayLike<number>, stride: number) {
  const row = (HEIGHT / 2) * stride
  const red = Array.from({ length: WIDTH }, (_, x) => x).filter((x) => drawn[row + x * 4]! > 200)
  const aside = (x: number) => ((2 * x) / WIDTH - 1) * HALF_WIDTH * POST
  return red.length === 0 ? null : { left: aside(red[0]!), right: aside(red.at(-1)! + 1) }
}

function withWebgl(aside: number) {
  const renderer = new WebGLRenderer()
  const target = new WebGLRenderTarget(WIDTH, HEIGHT)
  const portal = new WorldPortal(OPTIONS)
  const { scene, camera } = sceneWith(portal, aside)
  renderer.setRenderTarget(target)
  renderer.render(scene, camera)
  const drawn = new Uint8Array(WIDTH * HEIGHT * 4)
  renderer.readRenderTargetPixels(target, 0, 0, WIDTH, HEIGHT, drawn)
  portal.dispose()
  const { textures, geometries } = renderer.info.memory
  renderer.dispose()
  renderer.forceContextLoss()
  return { post: postIn(drawn, WIDTH * 4), textures, geometries }
}

async function withWebgpu(forceWebGL: boolean, aside: number) {
  const renderer = new WebGPURenderer({ forceWebGL })
  await renderer.init()
  const target = new RenderTarget(WIDTH, HEIGHT)
  target.texture.colorSpace = SRGBColorSpace
  const portal = new NodeWorldPortal(OPTIONS)
  const { scene, camera } = sceneWith(portal, aside)
  renderer.setRenderTarget(target)
  renderer.render(scene, camera)
  const drawn = await renderer.readRenderTargetPixelsAsync(target, 0, 0, WIDTH, HEIGHT)
  const isWebgpu = (renderer.backend as { isWebGPUBackend?: boolean }).isWebGPUBackend === true
  portal.dispose()
  return { post: postIn(drawn, WIDTH * 4), isWebgpu }
}

/** A red wall before a portal and a blue one behind it; somebody has gone in, turns round and looks back. */
function lookBack(portal: WorldPortal) {
  const { scene: room, camera } = sceneWith(portal, 0)
  for (const [color, z] of [
    ['red', 3],
    ['blue', -0.5],
  ] as const) {
    const wall = new Mesh(new PlaneGeometry(50, 50), new MeshBasicMaterial({ color, side: DoubleSide }))
    wall.position.z = z
    room.add(wall)
  }
  for (const z of [0.2, -0.2]) {
    camera.position.set(0, 0, z)
    camera.updateMatrixWorld()
    portal.update(camera)
  }
  const back = new PortalReturn(portal, { width: 32, height: 32 })
  const outside = new Scene().add(back)
  outside.background = new Color('lime')
  // Two blocks inside.
  camera.position.set(0, 0, -1.5)
  camera.rotation.y = Math.PI
  camera.updateMatrixWorld()
  return { room, outside, camera, back, isInside: portal.isInside }
}

/** Colours in the middle, which is the opening, and beside it. */
function middleAndSide(drawn: ArrayLike<number>, stride: number) {
  const at = (x: number) => {
    const start = (HEIGHT / 2) * stride + x * 4
    return ['red', 'lime', 'blue'].find((_, k) => drawn[start + k]! > 200) ?? 'none'
  }
  return { middle: at(WIDTH / 2), side: at(3) }
}

const NARROW = { ...OPTIONS, width: 1.6 }

function backWithWebgl() {
  const renderer = new WebGLRenderer({ preserveDrawingBuffer: true })
  renderer.setSize(WIDTH, HEIGHT)
  const portal = new WorldPortal(NARROW)
  const { room, outside, camera, back, isInside } = lookBack(portal)
  back.look(renderer, room, camera)
  renderer.render(outside, camera)
  const gl = renderer.getContext()
  const drawn = new Uint8Array(WIDTH * HEIGHT * 4)
  gl.readPixels(0, 0, WIDTH, HEIGHT, gl.RGBA, gl.UNSIGNED_BYTE, drawn)
  renderer.dispose()
  renderer.forceContextLoss()
  return { ...middleAndSide(drawn, WIDTH * 4), isInside }
}

async function backWithWebgpu(forceWebGL: boolean) {
  const renderer = new WebGPURenderer({ forceWebGL })
  await renderer.init()
  const target = new RenderTarget(WIDTH, HEIGHT)
  target.texture.colorSpace = SRGBColorSpace
  const { room, outside, camera, back, isInside } = lookBack(new NodeWorldPortal(NARROW))
  renderer.setRenderTarget(target)
  back.look(renderer, room, camera)
  renderer.render(outside, camera)
  const drawn = await renderer.readRenderTargetPixelsAsync(target, 0, 0, WIDTH, HEIGHT)
  back.dispose()
  return { ...middleAndSide(drawn, WIDTH * 4), isInside }
}

/** Many portals and their ways back: what stays on the GPU, and portals that stay in memory. */
async function livesOf(times: number) {
  const renderer = new WebGLRenderer()
  renderer.setSize(8, 8)
  const lived: WeakRef<object>[] = []
  const live = () => {
    const portal = new WorldPortal(NARROW)
    lived.push(new WeakRef(portal))
    const { room, outside, camera, back } = lookBack(portal)
    back.look(renderer, room, camera)
    renderer.render(room, camera)
    renderer.render(outside, camera)
    return { portal, room, back }
  }
  // One stays, and with it the compiled shaders: making them for each takes most of the time.
  const kept = live()
  lived.length = 0
  for (let i = 0; i < times; i++) end(live())
  // The renderer keeps the lists of the last scene that it has drawn.
  renderer.render(new Scene(), new PerspectiveCamera())
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    ;(globalThis as unknown as { gc?(): void }).gc?.()
  }
  const { textures, geometries } = renderer.info.memory
  const programs = renderer.info.programs?.length ?? 0
  const alive = lived.filter((one) => one.deref()).length
  end(kept)
  renderer.dispose()
  renderer.forceContextLoss()
  return { textures, geometries, programs, alive }

  function end({ portal, room, back }: ReturnType<typeof live>) {
    back.dispose()
    portal.dispose()
    for (const child of room.children) (child as Mesh<PlaneGeometry, MeshBasicMaterial>).geometry.dispose()
    for (const child of room.children) (child as Mesh<PlaneGeometry, MeshBasicMaterial>).material.dispose()
  }
}

const portal = { withWebgl, withWebgpu, backWithWebgl, backWithWebgpu, livesOf }
export type PortalPage = typeof portal
Object.assign(window, { portal })
