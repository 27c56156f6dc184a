import { parseArgs } from 'node:util'
import RAPIER from '@dimforge/rapier3d-compat'
import type { Frame, Pose } from '@sora-world/sdk'
import { upsampleDepth } from '../packages/sdk/src/space/upsample-depth.ts'
import { FAKE_MANIFEST } from '../packages/sdk/src/transport/fake-manifest.ts'
import { chunkNoise } from '../packages/server/src/sampler/noise.ts'
import type { SpaceWorld } from '../packages/three-plugin/src/world-backdrop.ts'
import { WorldCollider } from '../packages/three-plugin/src/world-collider.ts'
import { WorldDepthTexture } from '../packages/three-plugin/src/world-depth-texture.ts'
import { WorldTexture } from '../packages/three-plugin/src/world-texture.ts'
import { inverseDepthGrid, isInView, look, type Terrain, terrain } from './embed-terrain.ts'
import { describeEnvironment, percentile } from './environment.ts'

const RADIUS = 0.2
/** Blocks that a ball falls. */
const ABOVE = 2
/** Middles of blocks ahead; a ball falls on the first of those that are in view most often. */
const PLACES = [-4.5, -5.5, -3.5, -6.5, -2.5].flatMap((z) => [0.5, -0.5, 1.5, -1.5, 2.5].map((x) => ({ x, z })))
/** Pictures of voxel; those of nano with `--size 128x80`. */
const SIZE = '256x144'
const STEPS = 600
/** Each shows nearly the same; colliders use them to spread their work. */
const FRAMES_PER_CHUNK = 4
/** Chunks. */
const WARM_UP = 8
/** Blocks per second. */
const AT_REST = 0.05

/**
 * What the plugin itself adds, apart from the model: frames of synthetic hills with exact pose and exact depth on the decoder's
 * 1/8 grid. How good a model's own depth and pose are is measured by `npm run eval` on held-out clips.
 */
export async function run(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      scenes: { type: 'string', default: '50' },
      size: { type: 'string', default: SIZE },
      noise: { type: 'string', default: '0' },
    },
  })
  const scenes = Number(values.scenes)
  if (!Number.isInteger(scenes) || scenes < 1) throw new Error(`--scenes ${values.scenes} is no number of scenes`)
  const [width = 0, height = 0] = values.size.split('x').map(Number)
  if (!(width > 0 && height > 0 && width % 8 === 0 && height % 8 === 0)) {
    throw new Error(`--size ${values.size} is no size of pictures with a depth for every 8 pixels`)
  }
  const noise = Number(values.noise)
  if (!(noise >= 0 && noise < 1)) throw new Error(`--noise ${values.noise} is no share of the depth from 0 to 1`)
  console.log(describeEnvironment())
  await RAPIER.init()
  const errors: number[] = []
  const drops: Drop[] = []
  for (let seed = 0; drops.length < scenes; seed++) {
    const ground = terrain(seed)
    const place = placeInView(ground, width / height)
    if (!place) continue
    errors.push(...depthErrors(ground, width, height))
    drops.push(drop(ground, place, { width, height, noise }))
    if (drops.length % 10 === 0) console.error(`${drops.length} of ${scenes} scenes`)
  }
  const cost = frameCost()
  const good = drops.filter(({ isResting, offBlocks }) => isResting && offBlocks <= 0.5).length
  const figures = {
    name: 'embed',
    input: 'synthetic hills, exact pose, 1/8 depth',
    noise,
    scenes,
    size: values.size,
    upsampledDepthError: round(percentile(errors, 0.5), 4),
    ballsWithinHalfBlock: round(good / scenes, 3),
    ballsResting: round(drops.filter(({ isResting }) => isResting).length / scenes, 3),
    ballOffBlocksP50: round(
      percentile(
        drops.map(({ offBlocks }) => offBlocks),
        0.5,
      ),
      3,
    ),
    frameMs: spread(cost.frameMs),
    frameProcessorMsMean: round(cost.cpuMs, 2),
    textureMs: spread(cost.textureMs),
    colliderMs: spread(cost.colliderMs),
  }
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(24)}${JSON.stringify(value)}`)
  console.log(JSON.stringify(figures))
}

/** Relative errors of upsampled depth between the samples, where there is ground. */
function depthErrors(ground: Terrain, width: number, height: number): number[] {
  const pose = { x: 0, y: 0, z: 0, yaw: 0, pitch: 0 }
  const frame = look(ground, pose, 0, width, height)
  const fine = new Float32Array(width * height)
  upsampleDepth(frame, fine)
  const truth = inverseDepthGrid(ground, pose, width, height)
  const errors: number[] = []
  truth.forEach((value, i) => {
    if (value > 0) errors.push(fine[i]! > 0 ? Math.abs(value / fine[i]! - 1) : 1)
  })
  return errors
}

/** How the ground is looked at. */
interface Look {
  width: number
  height: number
  /** Deviation of each sample of the depth, relative to it. */
  noise: number
}

interface Place {
  x: number
  z: number
}

interface Drop {
  isResting: boolean
  /** Blocks between the ball's underside and the true surface at its place. */
  offBlocks: number
}

/** Walking up, with looks to both sides. */
const WALK: readonly Pose[] = Array.from({ length: 12 }, (_, seq) => ({
  ...{ x: 0, y: 0, z: 2.5 - 0.25 * seq },
  ...{ yaw: [0, -25, 25, 0][seq % 4]!, pitch: 18 },
}))

/** None where a hill stands in the way. */
function placeInView(ground: Terrain, aspect: number): Place | undefined {
  if (WALK.some(({ x, y, z }) => ground(x, z) > y - 1)) return undefined
  const views = PLACES.map(({ x, z }) => WALK.filter((pose) => isInView(ground, pose, x, z, aspect)).length)
  const most = Math.max(...views)
  return most > 0 ? PLACES[views.indexOf(most)] : undefined
}

/** Looks at the ground while walking up, then drops a ball on what was in view: what nobody saw is not there. */
function drop(ground: Terrain, place: Place, { width, height, noise }: Look): Drop {
  const physics = new RAPIER.World({ x: 0, y: -9.81, z: 0 })
  const { world, show } = scriptedWorld()
  const solid = new WorldCollider(world, { rapier: RAPIER, physics, cellSize: 0.5, radius: 12 })
  for (const [seq, pose] of WALK.entries()) {
    const frame = look(ground, pose, seq, width, height)
    disturb(frame.inverseDepth!, noise, seq)
    for (let i = 0; i < FRAMES_PER_CHUNK; i++) show(frame)
  }
  const body = physics.createRigidBody(
    RAPIER.RigidBodyDesc.dynamic()
      .setTranslation(place.x, ground(place.x, place.z) + ABOVE, place.z)
      .setCcdEnabled(true)
      .setAngularDamping(2),
  )
  physics.createCollider(RAPIER.ColliderDesc.ball(RADIUS).setFriction(1), body)
  for (let step = 0; step < STEPS; step++) physics.step()
  const { x, y: at, z } = body.translation()
  const { x: vx, y: vy, z: vz } = body.linvel()
  solid.dispose()
  physics.free()
  return {
    isResting: Math.hypot(vx, vy, vz) < AT_REST,
    offBlocks: Math.abs(at - RADIUS - ground(x, z)),
  }
}

/** Multiplies each sample by 1 plus normal noise, the same for the same `seed`. */
function disturb(samples: Float32Array, deviation: number, seed: number): void {
  const normal = chunkNoise(seed, 0, 'initial', samples.length)
  for (let i = 0; i < samples.length; i++) samples[i]! *= Math.max(0.1, 1 + deviation * normal[i]!)
}

/** Time on the main thread at 256x144, without what the GPU does. */
function frameCost() {
  const physics = new RAPIER.World({ x: 0, y: -9.81, z: 0 })
  const { world, show } = scriptedWorld()
  const solid = new WorldCollider(world, { rapier: RAPIER, physics })
  const [picture, depth] = [new WorldTexture(), new WorldDepthTexture()]
  const ground = terrain(3)
  const [textureMs, colliderMs, frameMs]: [number[], number[], number[]] = [[], [], []]
  let cpuMs = 0
  for (let seq = 0; seq < 30; seq++) {
    const frame = look(ground, { x: 0, y: 0, z: -0.2 * seq, yaw: seq * 3, pitch: 5 }, seq, 256, 144)
    const startMs = processorMs()
    for (let i = 0; i < FRAMES_PER_CHUNK; i++) {
      const textures = timed(() => {
        picture.setFrame(frame)
        depth.setFrame(frame)
      })
      const colliders = timed(() => show(frame))
      // The first chunks run before the compiler has seen the loops.
      if (seq < WARM_UP) continue
      textureMs.push(textures)
      colliderMs.push(colliders)
      frameMs.push(textures + colliders)
    }
    if (seq >= WARM_UP) cpuMs += processorMs() - startMs
  }
  solid.dispose()
  physics.free()
  return { textureMs, colliderMs, frameMs, cpuMs: cpuMs / frameMs.length }
}

function spread(values: number[]) {
  return { p50: round(percentile(values, 0.5), 2), p95: round(percentile(values, 0.95), 2) }
}

function timed(work: () => void): number {
  const startMs = performance.now()
  work()
  return performance.now() - startMs
}

/** This thread's, ms; too coarse for a single frame, but of many it tells the mean, however busy the machine is. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function scriptedWorld() {
  let listener: (frame: Frame) => void = () => {}
  const world = {
    manifest: FAKE_MANIFEST,
    update: () => null,
    on(_name: string, given: (frame: Frame) => void) {
      listener = given
      return () => {}
    },
  } as unknown as SpaceWorld
  return { world, show: (frame: Frame) => listener(frame) }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
