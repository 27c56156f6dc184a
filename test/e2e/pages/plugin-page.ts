/** Runs inside the browser: what test/e2e/three-plugin.test.ts calls on `window.plugin`. */
import { FakeDecoder, FakeWorld, InputState } from '@sora-world/sdk'
import { SoraWorld, WorldControls, WorldScreen } from '@sora-world/three'
import { WorldScreen as NodeWorldScreen } from '@sora-world/three/webgpu'
import { PerspectiveCamera, Scene, SRGBColorSpace, WebGLRenderer, WebGLRenderTarget } from 'three'
import { RenderTarget, WebGPURenderer } from 'three/webgpu'
import { scriptedWorld, testFrame } from './test-pictures.ts'

const WIDTH = 32
const HEIGHT = 20

function worldOnScreen(screen: WorldScreen) {
  const world = scriptedWorld()
  screen.setWorld(world as never)
  const scene = new Scene()
  scene.add(screen)
  const camera = new PerspectiveCamera(60, WIDTH / HEIGHT, 0.1, 100)
  camera.position.set(3, 2, 1)
  camera.rotation.set(0.3, -0.7, 0.1)
  return { world, scene, camera }
}

/** Largest difference of any channel between what was drawn (bottom row first if `isBottomFirst`) and the frame. */
function largestDifference(drawn: ArrayLike<number>, isBottomFirst: boolean, rowStride = WIDTH * 4): number {
  const { rgba } = testFrame(WIDTH, HEIGHT)
  let largest = 0
  for (let y = 0; y < HEIGHT; y++) {
    const row = isBottomFirst ? HEIGHT - 1 - y : y
    for (let i = 0; i < WIDTH * 4; i++) {
      largest = Math.max(largest, Math.abs(rgba[y * WIDTH * 4 + i]! - drawn[row * rowStride + i]!))
    }
  }
  return largest
}

function drawWithWebgl() {
  const renderer = new WebGLRenderer({ preserveDrawingBuffer: true })
  renderer.setSize(WIDTH, HEIGHT)
  const screen = new WorldScreen({ filter: 'nearest' })
  const { world, scene, camera } = worldOnScreen(screen)
  // Another size first: the texture must be made anew, not cut.
  world.show(testFrame(8, 8))
  renderer.render(scene, camera)
  world.show(testFrame(WIDTH, HEIGHT))
  renderer.render(scene, camera)
  const gl = renderer.getContext()
  const drawn = new Uint8Array(WIDTH * HEIGHT * 4)
  gl.readPixels(0, 0, WIDTH, HEIGHT, gl.RGBA, gl.UNSIGNED_BYTE, drawn)
  screen.dispose()
  renderer.dispose()
  renderer.forceContextLoss()
  return largestDifference(drawn, true)
}

async function drawWithWebgpu(forceWebGL: boolean) {
  const renderer = new WebGPURenderer({ forceWebGL })
  await renderer.init()
  const target = new RenderTarget(WIDTH, HEIGHT)
  target.texture.colorSpace = SRGBColorSpace
  const screen = new NodeWorldScreen({ filter: 'nearest' })
  const { world, scene, camera } = worldOnScreen(screen)
  world.show(testFrame(8, 8))
  renderer.setRenderTarget(target)
  renderer.render(scene, camera)
  world.show(testFrame(WIDTH, HEIGHT))
  renderer.render(scene, camera)
  const drawn = await renderer.readRenderTargetPixelsAsync(target, 0, 0, WIDTH, HEIGHT)
  const backend = (renderer.backend as { isWebGPUBackend?: boolean }).isWebGPUBackend ? 'webgpu' : 'webgl'
  screen.dispose()
  // Some versions of three hand out the rows of a WebGPU read-back padded to 256 bytes.
  const isPadded = drawn.length > WIDTH * HEIGHT * 4
  const rowStride = isPadded ? Math.ceil((WIDTH * 4) / 256) * 256 : WIDTH * 4
  return { backend, difference: largestDifference(drawn, backend === 'webgl', rowStride) }
}

/** Objects on the GPU before, while and after many screens lived, and listeners they left on their world. */
function leftBehind(times: number) {
  const renderer = new WebGLRenderer()
  const target = new WebGLRenderTarget(WIDTH, HEIGHT)
  renderer.setRenderTarget(target)
  const count = () => ({ ...renderer.info.memory, programs: renderer.info.programs?.length ?? 0 })
  renderer.render(new Scene(), new PerspectiveCamera())
  const before = count()
  let during = before
  let listeners = 0
  for (let i = 0; i < times; i++) {
    const screen = new WorldScreen({ mode: i % 2 === 0 ? 'window' : 'quad' })
    const { world, scene, camera } = worldOnScreen(screen)
    screen.rotation.copy(camera.rotation)
    screen.position.set(0, 0, -2).applyMatrix4(camera.matrix)
    screen.frustumCulled = false
    for (let frame = 0; frame < 3; frame++) {
      world.show(testFrame(WIDTH, HEIGHT, frame))
      renderer.render(scene, camera)
    }
    during = count()
    screen.dispose()
    listeners += world.listenerCount
  }
  const after = count()
  target.dispose()
  renderer.dispose()
  renderer.forceContextLoss()
  return { before, during, after, listeners }
}

let listenerCount = 0
const add = EventTarget.prototype.addEventListener
const remove = EventTarget.prototype.removeEventListener

/** Counts listeners on the page that are added and not yet removed, from now on. */
function countListeners() {
  const known = new Map<EventTarget, Set<string>>()
  const key = (type: string, listener: unknown) => `${type} ${idOf(listener)}`
  listenerCount = 0
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const keys = known.get(this) ?? new Set()
    known.set(this, keys)
    // Listeners of an AbortSignal go with the signal.
    if (!(this instanceof AbortSignal) && !keys.has(key(type, listener))) listenerCount++
    keys.add(key(type, listener))
    add.call(this, type, listener, options)
  }
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    const wasKnown = known.get(this)?.delete(key(type, listener))
    if (wasKnown && !(this instanceof AbortSignal)) listenerCount--
    remove.call(this, type, listener, options)
  }
}

const ids = new WeakMap<object, number>()
let nextId = 0
function idOf(listener: unknown): number {
  if (!ids.has(listener as object)) ids.set(listener as object, nextId++)
  return ids.get(listener as object)!
}

/** A canvas with controls on it, and what they tell. */
function connectControls() {
  countListeners()
  const canvas = document.body.appendChild(document.createElement('canvas'))
  canvas.id = 'controlled'
  canvas.style.cssText = 'position: fixed; inset: 0; width: 100%; height: 100%'
  const space = new FakeWorld({ isLive: false }).manifest.actionSpace
  const world = { input: new InputState(space, () => performance.now()) }
  const controls = new WorldControls(world, canvas)
  const events: string[] = []
  controls.addEventListener('lock', () => events.push('lock'))
  controls.addEventListener('unlock', () => events.push('unlock'))
  controls.addEventListener('press', ({ button }) => events.push(`press ${button}`))
  Object.assign(window, { controlled: { controls, world, events } })
  return listenerCount
}

function controlled() {
  return (window as unknown as { controlled: Controlled }).controlled
}

interface Controlled {
  controls: WorldControls
  world: { input: InputState }
  events: string[]
}

function controlState() {
  const { controls, world, events } = controlled()
  return { held: world.input.held, events, isLocked: controls.isLocked, drained: world.input.drain().axes }
}

function setControlsEnabled(isEnabled: boolean) {
  controlled().controls.enabled = isEnabled
}

function disposeControls() {
  controlled().controls.dispose()
  return listenerCount
}

/** Whole lives of the plugin on one renderer: objects on the GPU and listeners that stay. */
async function livesOfSoraWorld(times: number) {
  const renderer = new WebGLRenderer()
  renderer.setSize(WIDTH, HEIGHT)
  countListeners()
  let frames = 0
  for (let i = 0; i < times; i++) {
    const { transport, files } = new FakeWorld()
    const decoder = new FakeDecoder({ width: 16, height: 10 })
    const sora = await new SoraWorld({ url: 'http://localhost', renderer, transport, files, decoder }).init()
    sora.world?.on('frame', () => frames++)
    const untilMs = performance.now() + 3000
    for (const seen = frames; frames === seen && performance.now() < untilMs; ) {
      sora.update(1 / 60)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    sora.dispose()
  }
  const { textures, geometries } = renderer.info.memory
  renderer.dispose()
  return { textures, geometries, listeners: listenerCount, frames }
}

const plugin = {
  drawWithWebgl,
  drawWithWebgpu,
  leftBehind,
  connectControls,
  controlState,
  setControlsEnabled,
  disposeControls,
  livesOfSoraWorld,
}
export type PluginPage = typeof plugin
Object.assign(window, { plugin })
