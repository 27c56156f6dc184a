import { toSoraError, WorldClient } from '@sora-world/sdk'
import { followPose, WorldBackdrop, WorldControls, WorldPortal, WorldScreen } from '@sora-world/three'
import { PerspectiveCamera, Scene, WebGLRenderer } from 'three'
import { buildRoom, DOOR, ROOM } from './room.ts'
import { Walker } from './walker.ts'

const words = document.querySelector<HTMLElement>('#words')!
const canvas = document.querySelector<HTMLCanvasElement>('#view')!
// The Vite plugin hands on to the world server what the page asks of its own address.
const server = new URLSearchParams(location.search).get('server') ?? location.origin

function tell(line: string): void {
  words.textContent = line
}

function join(prompt: string): Promise<WorldClient> {
  return WorldClient.connect(server, { prompt, onProgress: (progress) => tell(`${progress} ...`) })
}

/** A world that walks by itself, on the wall. */
async function hangScreen(scene: Scene): Promise<WorldScreen> {
  const world = await join('a snowy forest at dusk')
  const screen = new WorldScreen({ mode: 'quad', height: 1.5 })
  screen.position.set(-1.6, 1.6, -ROOM.depth / 2 + 0.05)
  screen.setWorld(world)
  scene.add(screen)
  world.hold({ forward: true })
  setInterval(() => world.look(4), 250)
  return screen
}

/** A world that one walks into. */
async function openDoor(scene: Scene): Promise<WorldPortal> {
  const portal = new WorldPortal({ width: DOOR.width, height: DOOR.height })
  portal.position.set(DOOR.x, DOOR.height / 2, -ROOM.depth / 2)
  portal.setWorld(await join('a desert at noon'))
  scene.add(portal)
  return portal
}

async function start(): Promise<void> {
  const renderer = new WebGLRenderer({ canvas, antialias: true })
  const camera = new PerspectiveCamera(60, 1, 0.05, 200)
  const room = buildRoom()
  const scene = new Scene().add(room)
  const walker = new Walker(camera, canvas)
  const screen = await hangScreen(scene)
  const portal = await openDoor(scene)
  goThrough(portal, { scene, camera, walker, ofTheRoom: [room, screen] })
  tell('Click to walk (W A S D). The doorway leads into a generated world, and back.')

  let lastMs = performance.now()
  renderer.setAnimationLoop((nowMs) => {
    renderer.setSize(innerWidth, innerHeight, false)
    camera.aspect = innerWidth / innerHeight
    camera.updateProjectionMatrix()
    walker.update((nowMs - lastMs) / 1000)
    lastMs = nowMs
    camera.updateMatrixWorld()
    portal.update(camera)
    screen.update()
    renderer.render(scene, camera)
  })
}

interface Place {
  scene: Scene
  camera: PerspectiveCamera
  walker: Walker
  ofTheRoom: { visible: boolean }[]
}

/** Inside, the world is all around and the keys move its player; outside, it is a picture in a doorway. */
function goThrough(portal: WorldPortal, { scene, camera, walker, ofTheRoom }: Place): void {
  const world = portal.world as WorldClient
  const controls = new WorldControls(world, canvas)
  controls.enabled = false
  const backdrop = new WorldBackdrop()
  scene.add(backdrop)

  const change = (isInside: boolean) => {
    walker.enabled = !isInside
    controls.enabled = isInside
    backdrop.setWorld(isInside ? world : null)
    backdrop.visible = isInside
    for (const thing of ofTheRoom) thing.visible = !isInside
  }
  portal.addEventListener('entered', () => change(true))
  portal.addEventListener('left', ({ local }) => {
    change(false)
    local.premultiply(portal.matrixWorld).decompose(camera.position, camera.quaternion, camera.scale)
    camera.fov = 60
    walker.stand()
  })
  world.on('frame', (frame) => {
    if (portal.isInside) followPose(camera, frame, world.manifest)
  })
  change(false)
}

// What goes wrong stands on the page.
start().catch((thrown) => tell(toSoraError(thrown).message))
