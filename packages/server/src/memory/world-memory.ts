import { SoraError } from '@sora-world/sdk/protocol'
import { type BodyAction, bodyActions, chunkPoses, RESTING } from './body.ts'
import { BodyAmongBlocks } from './body-among-blocks.ts'
import { type Motion, moved, type Place, type Pose, startPose } from './camera.ts'
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

/** Blocks. */
const SAME_PLACE = 0.01

/** Memory images [F*6,h,w] of a coming chunk. */
export interface MemoryImages {
  /** From where the player will get among the blocks that are remembered: what the chunk is made with. */
  toMake: Float32Array
  /**
   * From where they would get if nothing were in the way, as in training: from how far the finished chunk is off this image
   * the pose head tells how the player moved.
   */
  toCommit: Float32Array
}

type Three = [number, number, number]

/** Blocks; an hour of running in one direction is 20,000. */
const FAR_AWAY = 65_536

/**
 * Chunks at rest after which what is seen is only confirmed. Until then what was done last may still show its effect, and
 * what was said (see {@link WorldMemory.disturb}) is still coming about.
 */
const SETTLED_CHUNKS = 15
/** Blocks per frame: of somebody who only stands and looks, the pose head says as much without anything having moved. */
const TREMBLE = 0.03
const STANDING = { right: 0, up: 0, forward: 0 }

/**
 * What one rollout remembers of its world beyond the context window: points, and where the player is among them.
 *
 * While the player stands still and does nothing, every chunk is a copy of the one before, and so would the memory be that
 * the next one is made from: what is wrong grows until nothing else is left. So what is seen then is not taken in anew.
 */
export class WorldMemory {
  readonly settings: MemorySettings
  readonly points: PointMemory
  #body: BodyAmongBlocks | undefined
  /** The images last shown. Fresh megabytes for every chunk kept the garbage collector at work. */
  #image: Float32Array | undefined
  #imageAmongBlocks: Float32Array | undefined
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
   * The memory image [F*6,h,w] for chunk `index`: a view from where each of its frames will be under `actions` [F,A] if nothing
   * is in the player's way. Good until the next call.
   */
  imageBefore(index: number, actions: Float32Array): Float32Array {
    return this.#drawOpen(index, this.#openWay(actions))
  }

  /** Both images for chunk `index`; the same array where nothing is in the player's way. Good until the next call. */
  imagesBefore(index: number, actions: Float32Array): MemoryImages {
    const open = this.#openWay(actions)
    const toCommit = this.#drawOpen(index, open)
    if (!this.settings.isSolid) return { toMake: toCommit, toCommit }
    this.#body ??= new BodyAmongBlocks(this.settings)
    const way = this.#body.poses(this.#place, this.#held(actions), this.points.arrays)
    if (isSameWay(way, open)) return { toMake: toCommit, toCommit }
    this.#imageAmongBlocks ??= new Float32Array(this.imageLength)
    this.points.render(way, index, this.#imageAmongBlocks)
    return { toMake: this.#imageAmongBlocks, toCommit }
  }

  #openWay(actions: Float32Array): Pose[] {
    return chunkPoses(this.#place.pose, this.#place.motion, this.#held(actions))
  }

  #drawOpen(index: number, way: readonly Pose[]): Float32Array {
    this.#image ??= new Float32Array(this.imageLength)
    this.points.render(way, index, this.#image)
    return this.#image
  }

  #held(actions: Float32Array): BodyAction[] {
    return bodyActions(this.settings.actionSpace, actions)
  }

  /**
   * Moves the player through a finished chunk and takes in its last frame, unless that is not worth keeping.
   *
   * Turns come from the actions, which are exact; steps from the pose head. A number of it that is not finite counts
   * as 0: one bad pose must not lose the world.
   *
   * @returns [F,Q]: `chunk.pose` with the movement that the player really made
   * @throws SoraError `internal` for arrays of another length; nothing has changed then
   */
  observe(chunk: ShownChunk, { isWorthKeeping = true } = {}): Float32Array {
    this.#check(chunk)
    const motions = this.#motions(chunk)
    this.#rest = isResting(chunk.actions, motions) ? Math.min(LONGEST_REST, this.#rest + 1) : 0
    const moved = this.#move(motions, chunk.pose)
    if (isWorthKeeping) this.#takeIn(chunk)
    return moved
  }

  #takeIn(chunk: ShownChunk): void {
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

  /** Returns `said` [F,Q] with what became of each motion: nobody can look farther down than to their feet. */
  #move(motions: readonly Motion[], said: Float32Array): Float32Array {
    const made = said.slice()
    const fields = this.settings.poseFields
    for (const [frame, motion] of motions.entries()) {
      const before = this.#place.pose
      this.#place = { pose: moved(before, motion), motion }
      const steps: Partial<Motion> = { ...motion, pitch: this.#place.pose.pitch - before.pitch, onGround: undefined }
      for (const [i, field] of fields.entries()) {
        const step = steps[field as keyof Motion]
        if (typeof step === 'number') made[frame * fields.length + i] = step
      }
    }
    this.#recentre()
    return made
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
    return bodyActions(actionSpace, actions).map((action, frame) => {
      const field = (name: string) => finite(pose[frame * poseFields.length + poseFields.indexOf(name)]!)
      const onGround = field('onGround') > 0
      const step = { right: field('right'), up: field('up'), forward: field('forward') }
      const isTrembling = onGround && !walks(action) && Math.hypot(step.right, step.up, step.forward) < TREMBLE
      return { ...(isTrembling ? STANDING : step), yaw: action.yaw, pitch: action.pitch, onGround }
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

/** Ways of one chunk that nobody could tell apart in a memory image. */
function isSameWay(a: readonly Pose[], b: readonly Pose[]): boolean {
  return a.every(({ x, y, z }, frame) => Math.hypot(x - b[frame]!.x, y - b[frame]!.y, z - b[frame]!.z) < SAME_PLACE)
}

/** Nothing is done, and nothing moves the player. */
function isResting(actions: Float32Array, motions: readonly Motion[]): boolean {
  const isStill = ({ right, up, forward, onGround }: Motion) => onGround && right === 0 && up === 0 && forward === 0
  return actions.every((value) => value === 0) && motions.every(isStill)
}

function walks({ forward, back, left, right, jump }: BodyAction): boolean {
  return forward || back || left || right || jump
}

function lastOf<T extends Float32Array | Uint8Array>(stacked: T, count: number): T {
  return stacked.subarray((stacked.length / count) * (count - 1)) as T
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0
}
