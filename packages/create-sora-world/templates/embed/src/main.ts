import { toSoraError, WorldClient } from '@sora-world/sdk'
import { followPose, WorldBackdrop, WorldControls, WorldPortal, WorldScreen } from '@sora-world/three'
import { type Group, PerspectiveCamera, Scene, WebGLRenderer } from 'three'
import { buildRoom, DOOR, ROOM } from './room.ts'
import { Walker } from './walker.ts'

const words = document.querySelector<HTMLElement>('#words')!
const canvas = document.querySelector<HTMLCanvasElement>('#view')!
// The Vite plugin hands on to the world server what the page asks of its own address.
const server = new URLSearchParams(location.search).get('server') ?? location.origin

let isReady = false

function tell(line: string): void {
  words.textContent = line
}

function join(prompt: string): Promise<WorldClient> {
  const onProgress = (progress: string) => {
    if (!isReady) tell(`${progress} ...`)
  }
  return WorldClient.connect(server, { prompt, onProgress })
}

/** A world that one walks into; until then it stands still and costs nothing. */
async function openDoor(room: Group): Promise<WorldPortal> {
  const world = await join('a desert at noon')
  const portal = new WorldPortal({ width: DOOR.width, height: DOOR.height })
  portal.position.set(DOOR.x, DOOR.height / 2, -ROOM.depth / 2)
  portal.setWorld(world)
  room.add(portal)
  await firstFrame(world)
  world.pause()
  return portal
}

/** A world on the wall that looks around by itself. */
async function hangScreen(room: Group): Promise<{ screen: WorldScreen; world: WorldClient }> {
  const world = await join('a snowy forest at dusk')
  const screen = new WorldScreen({ mode: 'quad', height: 1.5 })
  screen.position.set(-1.6, 1.6, -ROOM.depth / 2 + 0.05)
  screen.setWorld(world)
  room.add(screen)
  setInterval(() => world.look(3 * Math.sin(performance.now() / 3000)), 250)
  return { screen, world }
}

function firstFrame(world: WorldClient): Promise<void> {
  return new Promise((resolve) => {
    const stopListening = world.on('frame', () => {
      stopListening()
      resolve()
    })
  })
}

async function start(): Promise<void> {
  const renderer = new WebGLRenderer({ canvas, antialias: true })
  const camera = new PerspectiveCamera(60, 1, 0.05, 200)
  const room = buildRoom()
  const scene = new Scene().add(room)
  const walker = new Walker(camera, canvas)
  const portal = await openDoor(room)
  const { screen, world: onTheWall } = await hangScreen(room)
  goThrough(portal, { scene, camera, walker, room, onTheWall })
  isReady = true
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
  room: Group
  onTheWall: WorldClient
}

/** Inside, the world is all around and the keys move its player; outside, it is a picture in a doorway. */
function goThrough(portal: WorldPortal, { scene, camera, walker, room, onTheWall }: Place): void {
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
    // With all that is in it, the portal included.
    room.visible = !isInside
    // One world at a time: any machine that can play can show both.
    world.pause(!isInside)
    onTheWall.pause(isInside)
  }
  portal.addEventListener('entered', () => {
    change(true)
    tell('In a generated world. The way back is behind you.')
  })
  portal.addEventListener('left', ({ local }) => {
    change(false)
    tell('Back in the room.')
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
