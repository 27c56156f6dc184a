import { SoraError } from '@sora-world/sdk/protocol'
import { bodyActions, chunkPoses, RESTING } from './body.ts'
import { type Motion, moved, type Place, startPose } from './camera.ts'
import { LONGEST_REST, type MemoryContent, readMemory, writeMemory } from './memory-file.ts'
import type { MemorySettings } from './memory-settings.ts'
import { PointMemory } from './point-memory.ts'
import { VIEW_CHANNELS } from './point-view.ts'
import { shownFrame } from './shown-frame.ts'

/** A chunk as it was shown. */
export interface ShownChunk {
  /** Index in its world */
  index: number
  /** [F,A] */
  actions: Float32Array
  /** [F,Q], of the commit pass */
  pose: Float32Array
  /** uint8 [F,H,W,3] and [F,H/depthScale,W/depthScale] in 1/blocks, as decoded */
  frames: Uint8Array
  inverseDepth: Float32Array
}

type Three = [number, number, number]

/** Blocks; an hour of running in one direction is 20,000. */
const FAR_AWAY = 65_536

/**
 * Chunks at rest after which what is seen is only confirmed. Until then what was done last may still show its effect, and
 * what was said (see {@link WorldMemory.disturb}) is still coming about.
 */
const SETTLED_CHUNKS = 15
/** Blocks per frame: where nothing is done, the pose head says as much without anything having moved. */
const TREMBLE = 0.03

/**
 * What one rollout remembers of its world beyond the context window: points, and where the player is among them.
 *
 * While the player stands still and does nothing, every chunk is a copy of the one before, and so would the memory be that
 * the next one is made from: what is wrong grows until nothing else is left. So what is seen then is not taken in anew.
 */
export class WorldMemory {
  readonly settings: MemorySettings
  readonly points: PointMemory
  /** The image last shown. Fresh megabytes for every chunk kept the garbage collector at work. */
  #image: Float32Array | undefined
  #place: Place
  #rest: number

  /** @param content to go on from, owned by the memory from now on; the start of a world without it */
  constructor(settings: MemorySettings, content?: MemoryContent) {
    this.settings = settings
    this.points = content?.points ?? new PointMemory(settings)
    this.#place = content?.place ?? { pose: startPose(), motion: RESTING }
    this.#rest = content?.rest ?? 0
  }

  get place(): Readonly<Place> {
    return this.#place
  }

  /** Numbers of one memory image: F*6*h*w. */
  get imageLength(): number {
    const { framesPerChunk, height, width } = this.settings
    return framesPerChunk * VIEW_CHANNELS * height * width
  }

  /**
   * The memory image [F*6,h,w] for chunk `index`: a view from where each of its frames will be under `actions` [F,A].
   * Good until the next call.
   */
  imageBefore(index: number, actions: Float32Array): Float32Array {
    const { pose, motion } = this.#place
    const poses = chunkPoses(pose, motion, bodyActions(this.settings.actionSpace, actions))
    this.#image ??= new Float32Array(this.imageLength)
    this.points.render(poses, index, this.#image)
    return this.#image
  }

  /**
   * Moves the player through a finished chunk and takes in its last frame, unless that is not worth keeping.
   *
   * Turns come from the actions, which are exact; steps from the pose head. A number of it that is not finite counts
   * as 0: one bad pose must not lose the world.
   *
   * @throws SoraError `internal` for arrays of another length; nothing has changed then
   */
  observe(chunk: ShownChunk, { isWorthKeeping = true } = {}): void {
    this.#check(chunk)
    const motions = this.#motions(chunk)
    this.#rest = isResting(chunk.actions, motions) ? Math.min(LONGEST_REST, this.#rest + 1) : 0
    this.#move(motions)
    if (!isWorthKeeping) return
    const frames = this.settings.framesPerChunk
    const frame = lastOf(chunk.frames, frames)
    const depth = lastOf(chunk.inverseDepth, frames)
    const shown = shownFrame(frame, depth, this.settings)
    if (this.#rest > SETTLED_CHUNKS) this.points.confirm(shown.depth, this.#place.pose, chunk.index)
    else this.points.observe(shown, this.#place.pose, chunk.index)
  }

  /** Something is about to change that nobody does: what is seen from now on is taken in again. */
  disturb(): void {
    this.#rest = 0
  }

  #move(motions: readonly Motion[]): void {
    if (this.#rest > 0) this.#place = { pose: this.#place.pose, motion: RESTING }
    else for (const motion of motions) this.#place = { pose: moved(this.#place.pose, motion), motion }
    this.#recentre()
  }

  /** The place as it was remembered in `bytes`, with the player where they are now. @throws SoraError `memory-invalid` */
  asRemembered(bytes: Uint8Array): WorldMemory {
    const { points } = WorldMemory.restore(this.settings, bytes)
    return new WorldMemory(this.settings, { place: this.#place, points, rest: 0 })
  }

  /** An independent copy, for a fork of the world. */
  clone(): WorldMemory {
    return new WorldMemory(this.settings, { place: this.#place, points: this.points.clone(), rest: this.#rest })
  }

  /** For a file: see memory-file.ts for what is rounded and how. */
  serialise(): Uint8Array {
    return writeMemory({ place: this.#place, points: this.points, rest: this.#rest })
  }

  /** @throws SoraError `memory-invalid` for bytes that {@link serialise} did not write for this model */
  static restore(settings: MemorySettings, bytes: Uint8Array): WorldMemory {
    return new WorldMemory(settings, readMemory(settings, bytes))
  }

  /** Far from the origin float32 would become coarse: 1/128 block at 65,536. Nobody else knows where the origin is. */
  #recentre(): void {
    const { pose, motion } = this.#place
    const [x, y, z] = [pose.x, pose.y, pose.z].map((value) => Math.round(value / FAR_AWAY) * FAR_AWAY) as Three
    if (x === 0 && y === 0 && z === 0) return
    this.#place = { pose: { ...pose, x: pose.x - x, y: pose.y - y, z: pose.z - z }, motion }
    this.points.moveBy(-x, -y, -z)
  }

  #motions({ actions, pose }: ShownChunk): Motion[] {
    const { actionSpace, poseFields } = this.settings
    return bodyActions(actionSpace, actions).map(({ yaw, pitch }, frame) => {
      const field = (name: string) => finite(pose[frame * poseFields.length + poseFields.indexOf(name)]!)
      const onGround = field('onGround') > 0
      return { right: field('right'), up: field('up'), forward: field('forward'), yaw, pitch, onGround }
    })
  }

  #check({ actions, pose, frames, inverseDepth }: ShownChunk): void {
    const { framesPerChunk, actionSpace, poseFields, width, height, scale, depthWidth, depthHeight } = this.settings
    const actionNumbers = actionSpace.buttons.length + actionSpace.axes.length
    for (const [name, length, expected] of [
      ['actions', actions.length, actionNumbers],
      ['pose', pose.length, poseFields.length],
      ['frames', frames.length, width * height * scale * scale * 3],
      ['inverse depth', inverseDepth.length, depthWidth * depthHeight],
    ] as const) {
      if (length === framesPerChunk * expected) continue
      throw new SoraError('internal', `memory: ${name} has ${length} numbers, not ${framesPerChunk * expected}`)
    }
  }
}

/** Nothing is done, and nothing moves the player. */
function isResting(actions: Float32Array, motions: readonly Motion[]): boolean {
  const isCalm = ({ right, up, forward, onGround }: Motion) => onGround && Math.hypot(right, up, forward) < TREMBLE
  return actions.every((value) => value === 0) && motions.every(isCalm)
}

function lastOf<T extends Float32Array | Uint8Array>(stacked: T, count: number): T {
  return stacked.subarray((stacked.length / count) * (count - 1)) as T
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0
}
