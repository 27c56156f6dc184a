/** Runs inside the browser: what test/e2e/three-plugin.test.ts calls on `window.plugin`. */

import { PerspectiveCamera, Scene, SRGBColorSpace, WebGLRenderer, WebGLRenderTarget } from 'three'
import { RenderTarget, WebGPURenderer } from 'three/webgpu'
import { NodeWorldScreen } from '../../../packages/three-plugin/src/node-world-screen.ts'
import { WorldScreen } from '../../../packages/three-plugin/src/world-screen.ts'
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

const plugin = { drawWithWebgl, drawWithWebgpu, leftBehind }
export type PluginPage = typeof plugin
Object.assign(window, { plugin })
