/** A museum whose three doors lead into three generated worlds. */
import { toSoraError, WorldClient } from '@sora-world/sdk'
import { WorldAttention, WorldPortal } from '@sora-world/three'
import { PerspectiveCamera, WebGLRenderer } from 'three'
import { Hands } from './hands.ts'
import { buildRoom, exhibit, OPENING } from './room.ts'
import { type Exhibit, Visit } from './visit.ts'
import { EYE } from './walker.ts'

/** Caption of each world, and where its door stands: x, z, and degrees that it is turned to the left. */
const WORLDS = [
  { prompt: 'a snowy forest at dusk', x: -3.3, z: -2.2, turn: 45 },
  { prompt: 'a sandy desert at noon', x: 0, z: -3.9, turn: 0 },
  { prompt: 'a tropical island at noon', x: 3.3, z: -2.2, turn: -45 },
]

const HELP = 'Click to look around, W A S D to walk. The doors can be gone through.'
const words = document.getElementById('words')!

async function start(): Promise<void> {
  const query = new URLSearchParams(location.search)
  const canvas = document.getElementById('view') as HTMLCanvasElement
  const renderer = new WebGLRenderer({ canvas, antialias: true })
  renderer.setPixelRatio(Number(query.get('scale') ?? Math.min(devicePixelRatio, 1)))
  const camera = new PerspectiveCamera(60, 1, 0.05, 100)
  camera.position.set(0, EYE, 3)
  const room = buildRoom()

  const open = async ({ prompt, x, z, turn }: (typeof WORLDS)[number], index: number): Promise<Exhibit> => {
    const world = await WorldClient.connect(query.get('server') ?? location.origin, {
      prompt,
      rngSeed: 20 + index,
      onProgress: (progress) => index === 0 && words.textContent !== HELP && (words.textContent = progress),
    })
    const portal = new WorldPortal(OPENING)
    portal.setWorld(world)
    const panel = exhibit(portal, prompt)
    panel.position.set(x, 0, z)
    panel.rotation.y = (turn * Math.PI) / 180
    room.add(panel)
    return { world, portal, panel }
  }
  const exhibits = await Promise.all(WORLDS.map(open))

  const visit = new Visit(room, camera, exhibits)
  const hands = new Hands(canvas)
  const attention = new WorldAttention()
  attention.add(visit.backdrop, ...exhibits.map(({ portal }) => portal))
  words.textContent = HELP

  let lastMs = performance.now()
  renderer.setAnimationLoop((nowMs) => {
    const seconds = Math.min(0.1, (nowMs - lastMs) / 1000)
    lastMs = nowMs
    camera.aspect = innerWidth / innerHeight
    camera.updateProjectionMatrix()
    renderer.setSize(innerWidth, innerHeight, false)
    visit.update(hands, seconds)
    visit.render(renderer)
  })
  if (query.has('test')) Object.assign(window, { __museum: { exhibits, visit, attention, camera } })
}

// What goes wrong stands on the page.
start().catch((thrown) => (words.textContent = toSoraError(thrown).message))
