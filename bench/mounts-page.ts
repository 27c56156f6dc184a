/** Runs inside the browser: what bench/mounts.ts calls on `window.mounts`. */
import RAPIER from '@dimforge/rapier3d-compat'
import type { WorldClient } from '@sora-world/sdk'
import {
  followPose,
  SoraWorld,
  WorldAnchor,
  WorldBackdrop,
  WorldCollider,
  WorldPortal,
  WorldScreen,
} from '@sora-world/three'
import {
  AmbientLight,
  BoxGeometry,
  Mesh,
  MeshStandardMaterial,
  type Object3D,
  PerspectiveCamera,
  Scene,
  Vector3,
  WebGLRenderer,
} from 'three'

export type Downlink = 'auto' | 'latent' | 'image'

const PROMPT = 'a grassy plain on a clear day'
/** Small: the browser draws on the processor that also makes the world. */
const [WIDTH, HEIGHT] = [320, 200]
const PATIENCE_MS = 60_000
/** While playing: the signs that stand at most, and seconds between two of them. */
const SIGNS = 8
const SIGN_SECONDS = 3
/** Degrees per second to the sides, and seconds of a turn to one of them. */
const [TURN_SPEED, TURN_SECONDS] = [40, 6]
const JUMP_SECONDS = { every: 3, for: 0.4 }
/** Blocks below the camera: what fell off the world. */
const LOST = 40

/** Things of WebGL that were made and not deleted, by everybody in the page. */
let glObjects = 0
const GL_KINDS = ['Texture', 'Buffer', 'Program', 'Shader', 'Framebuffer', 'Renderbuffer', 'VertexArray', 'Sampler']

function countGlObjects(): void {
  const alive = new WeakSet<object>()
  const methods = WebGL2RenderingContext.prototype as unknown as Record<string, (...values: unknown[]) => unknown>
  for (const kind of GL_KINDS) {
    const [create, remove] = [methods[`create${kind}`]!, methods[`delete${kind}`]!]
    methods[`create${kind}`] = function (...values) {
      const made = create.apply(this, values) as object
      alive.add(made)
      glObjects++
      return made
    }
    methods[`delete${kind}`] = function (made) {
      if (alive.delete(made as object)) glObjects--
      return remove.call(this, made)
    }
  }
}

countGlObjects()
await RAPIER.init()
const physics = new RAPIER.World({ x: 0, y: -9.81, z: 0 })
const renderer = new WebGLRenderer()
renderer.setSize(WIDTH, HEIGHT)
document.body.append(renderer.domElement)
const scene = new Scene().add(new AmbientLight('white', 2))
const camera = new PerspectiveCamera(60, WIDTH / HEIGHT, 0.1, 200)

/** Connection and controls, as long as there are any. */
let sora: SoraWorld | null = null
/** The objects in the scene, as long as they are mounted. */
let mounted: Mounted | null = null
let isPlaying = false
let playedSeconds = 0
let frames = 0

/** What an application puts around one world, see examples/embed. */
class Mounted {
  readonly backdrop = new WorldBackdrop({ filter: 'nearest' })
  readonly screen = new WorldScreen({ mode: 'quad', height: 1 })
  readonly portal = new WorldPortal({ width: 1, height: 1 })
  readonly solid: WorldCollider
  readonly signs: WorldAnchor[] = []
  readonly #ball: RAPIER.RigidBody
  readonly #world: WorldClient
  readonly #sinceMs = performance.now()

  constructor(world: WorldClient, maxCells?: number) {
    this.#world = world
    for (const object of [this.backdrop, this.screen, this.portal]) {
      object.setWorld(world)
      scene.add(object)
    }
    this.solid = new WorldCollider(world, { rapier: RAPIER, physics, maxCells })
    this.#ball = physics.createRigidBody(RAPIER.RigidBodyDesc.dynamic())
    physics.createCollider(RAPIER.ColliderDesc.ball(0.2), this.#ball)
    putAhead(this.screen, 0.7)
    putAhead(this.portal, -0.7)
    this.#throwBall()
  }

  /** Everything was drawn, and there is ground. */
  get isShown(): boolean {
    const drawn = [this.backdrop, this.screen, this.portal].every((object) => object.drawn.atMs > this.#sinceMs)
    return drawn && this.solid.size > 0
  }

  get missing(): string {
    const unseen = [this.backdrop, this.screen, this.portal].filter((object) => !(object.drawn.atMs > this.#sinceMs))
    return [...unseen.map(({ name }) => `${name} not drawn`), `${this.solid.size} colliders`].join(', ')
  }

  update(): void {
    this.portal.update(camera)
    physics.step()
    if (this.#ball.translation().y < camera.position.y - LOST) this.#throwBall()
  }

  /** On the ground ahead; false where there is sky. */
  addSign(): boolean {
    const anchor = new WorldAnchor(this.#world)
    scene.add(anchor.add(new Mesh(new BoxGeometry(0.2, 1, 0.2), new MeshStandardMaterial())))
    const isPlaced = anchor.placeOnPicture(0.5, 0.9, this.#world.frame)
    this.signs.push(anchor)
    if (!isPlaced || this.signs.length > SIGNS) removeSign(isPlaced ? this.signs.shift()! : this.signs.pop()!)
    return isPlaced
  }

  dispose(): void {
    for (const object of [this.backdrop, this.screen, this.portal, this.solid]) object.dispose()
    for (const anchor of this.signs) removeSign(anchor)
    physics.removeRigidBody(this.#ball)
  }

  #throwBall(): void {
    this.#ball.setTranslation(camera.localToWorld(new Vector3(0, 0, -3)), true)
    this.#ball.setLinvel({ x: 0, y: 0, z: 0 }, true)
  }
}

/** What stands at an anchor is the application's to free. */
function removeSign(anchor: WorldAnchor): void {
  const { geometry, material } = anchor.children[0] as Mesh<BoxGeometry, MeshStandardMaterial>
  geometry.dispose()
  material.dispose()
  anchor.dispose()
}

function putAhead(object: Object3D, aside: number): void {
  object.position.copy(camera.localToWorld(new Vector3(aside, 0, -3)))
  object.quaternion.copy(camera.quaternion)
}

let lastMs = performance.now()
renderer.setAnimationLoop((nowMs) => {
  const seconds = Math.min(0.1, Math.max(0, (nowMs - lastMs) / 1000))
  lastMs = nowMs
  sora?.update(seconds)
  if (isPlaying) play(seconds)
  mounted?.update()
  renderer.render(scene, camera)
})

/** Walks in wide bends, looks up and down, jumps, and puts up signs. */
function play(seconds: number): void {
  const world = sora!.world!
  const before = playedSeconds
  playedSeconds += seconds
  const isNth = (every: number) => Math.floor(playedSeconds / every) > Math.floor(before / every)
  const side = Math.floor(playedSeconds / TURN_SECONDS) % 2 === 0 ? 1 : -1
  world.look(side * TURN_SPEED * seconds, 10 * Math.cos(playedSeconds) * seconds)
  world.hold({ forward: true, jump: playedSeconds % JUMP_SECONDS.every < JUMP_SECONDS.for })
  if (isNth(SIGN_SECONDS)) mounted!.addSign()
  // They would be left behind, and never drawn again.
  if (isNth(1))
    for (const [object, aside] of [
      [mounted!.screen, 0.7],
      [mounted!.portal, -0.7],
    ] as const)
      putAhead(object, aside)
}

/** Connects, and waits for the first frame. */
async function open(downlink: Downlink): Promise<{ model: string; version: string }> {
  const life = new SoraWorld({ url: location.origin, renderer, scene, prompt: PROMPT, downlink })
  await life.init()
  const world = life.world!
  world.on('frame', (frame) => {
    frames++
    followPose(camera, frame, world.manifest)
  })
  sora = life
  await until(
    () => world.frame !== null,
    () => `no frame, the world is ${world.state}`,
  )
  return { model: world.welcome.modelName, version: world.manifest.version }
}

/** One life of the objects, on the world that is open. */
async function mount(): Promise<{ isAnchored: boolean; colliders: number }> {
  const life = new Mounted(sora!.world!)
  mounted = life
  const isAnchored = life.addSign()
  // A new picture, not only the one that was there.
  const seen = frames
  await until(
    () => life.isShown && frames > seen,
    () => life.missing,
  )
  const shown = { isAnchored, colliders: life.solid.size }
  unmount()
  sora!.world!.look(25)
  return shown
}

function unmount(): void {
  mounted?.dispose()
  mounted = null
}

async function startPlay(maxCells?: number): Promise<void> {
  mounted = new Mounted(sora!.world!, maxCells)
  isPlaying = true
  await until(
    () => mounted!.solid.size > 0,
    () => mounted!.missing,
  )
}

function stopPlay(): void {
  isPlaying = false
  unmount()
}

function close(): void {
  sora?.dispose()
  sora = null
}

/** Waits for something that animation frames bring. */
async function until(isTrue: () => boolean, missing: () => string): Promise<void> {
  for (const startMs = performance.now(); !isTrue(); ) {
    if (performance.now() - startMs > PATIENCE_MS) throw new Error(`nothing for ${PATIENCE_MS} ms: ${missing()}`)
    await new Promise(requestAnimationFrame)
  }
}

function counts() {
  return {
    textures: renderer.info.memory.textures,
    geometries: renderer.info.memory.geometries,
    programs: renderer.info.programs?.length ?? 0,
    glObjects,
    bodies: physics.bodies.len(),
    colliders: physics.colliders.len(),
    /** In the scene, lights left out. */
    objects: scene.children.length - 1,
    cells: mounted?.solid.map.size ?? 0,
    frames,
    decoder: sora?.world?.decoder ?? '',
  }
}

const mounts = { open, mount, startPlay, stopPlay, close, counts }
export type MountsPage = typeof mounts
Object.assign(window, { mounts })
