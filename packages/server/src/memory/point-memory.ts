import { axes, focal, type Pose } from './camera.ts'
import type { MemorySettings } from './memory-settings.ts'
import { FARTHEST, type ShownFrame } from './shown-frame.ts'

/**
 * What was shown, as coloured points in space; the same as `training/sora_world/memory/points.py`.
 *
 * After each chunk its last frame becomes points: one per pixel of the memory image, at the decoder's depth. What the
 * frame shows replaces what was known of the same place: older points that it sees at their depth, or through, are
 * forgotten, so the newest observation wins and a broken block does not come back. Points that it does not see, because
 * they are outside of the picture or behind something, stay. GEN3C (arXiv 2503.03751) and Voyager (arXiv 2506.04225)
 * condition a video model on such points; replacing by visibility takes the place of their fusion.
 */

/** Of one view: red, green, blue, known, inverse depth, age. */
export const VIEW_CHANNELS = 6
/** Blocks; nothing nearer is drawn. */
const NEAREST = 0.1
/** A point is replaced when its depth is less than this times the depth seen there. */
const REPLACED_BEHIND = 1.25
/** Chunks at which the age channel is 1. */
const LONGEST_AGE = 64
/** Pixels added to the half width of a point, so that rotation leaves no gaps. */
const SLACK = 0.15
/** Pixels; a point covers at most four across. */
const LARGEST_HALF_WIDTH = 1.85
/** Depths are compared in steps of 1/1024 block; of equally near points the newest wins. */
const DEPTH_STEPS = 1024

/** One point, for copies and files. */
export interface MemoryPoint {
  x: number
  y: number
  z: number
  /** Blocks between neighbours when it was seen. */
  spacing: number
  /** 0..1 */
  colour: readonly [red: number, green: number, blue: number]
  /** Chunk that it was seen in. */
  born: number
}

/** The points of one world, oldest first; loops over flat arrays without any chance: same calls, same bits. */
export class PointMemory {
  readonly #settings: MemorySettings
  readonly #focal: number
  readonly #colourScale: number
  /** [maxPoints,3] */
  readonly #position: Float32Array
  /** [maxPoints,3], sums as in {@link ShownFrame} */
  readonly #colour: Uint16Array
  /** [maxPoints] */
  readonly #spacing: Float32Array
  readonly #born: Int32Array
  /** Of {@link render}: what each pixel shows, index + 1 of a point, and how near in {@link DEPTH_STEPS}. */
  readonly #winner: Int32Array
  readonly #nearest: Int32Array
  #length = 0

  constructor(settings: MemorySettings) {
    const { width, height, scale, maxPoints } = settings
    this.#settings = settings
    this.#focal = focal(height, settings.verticalFovDegrees)
    this.#colourScale = 255 * scale * scale
    this.#position = new Float32Array(maxPoints * 3)
    this.#colour = new Uint16Array(maxPoints * 3)
    this.#spacing = new Float32Array(maxPoints)
    this.#born = new Int32Array(maxPoints)
    this.#winner = new Int32Array(width * height)
    this.#nearest = new Int32Array(width * height)
  }

  /** Points alive. */
  get length(): number {
    return this.#length
  }

  /** Takes in what chunk `chunk` ended with, seen from `pose`. */
  observe(frame: ShownFrame, pose: Pose, chunk: number): void {
    this.#forgetSeen(frame.depth, pose)
    this.#dropOldest(this.#length + frame.depth.length - this.#settings.maxPoints)
    this.#append(frame, pose, chunk)
  }

  /** Forgets what `depth` [h,w] shows anew or sees through, and closes the gaps. */
  #forgetSeen(depth: Float32Array, pose: Pose): void {
    const { width, height } = this.#settings
    const { right, up, forward } = axes(pose)
    const position = this.#position
    let kept = 0
    for (let i = 0; i < this.#length; i++) {
      const dx = position[i * 3]! - pose.x
      const dy = position[i * 3 + 1]! - pose.y
      const dz = position[i * 3 + 2]! - pose.z
      const z = dx * forward[0] + dy * forward[1] + dz * forward[2]
      if (z > NEAREST) {
        const scale = this.#focal / z
        const x = (dx * right[0] + dy * right[1] + dz * right[2]) * scale + width / 2
        const y = height / 2 - (dx * up[0] + dy * up[1] + dz * up[2]) * scale
        const isInside = x >= 0 && x < width && y >= 0 && y < height
        if (isInside && z < depth[Math.floor(y) * width + Math.floor(x)]! * REPLACED_BEHIND) continue
      }
      if (kept !== i) this.#move(i, kept)
      kept++
    }
    this.#length = kept
  }

  #move(from: number, to: number): void {
    for (let k = 0; k < 3; k++) {
      this.#position[to * 3 + k] = this.#position[from * 3 + k]!
      this.#colour[to * 3 + k] = this.#colour[from * 3 + k]!
    }
    this.#spacing[to] = this.#spacing[from]!
    this.#born[to] = this.#born[from]!
  }

  #dropOldest(count: number): void {
    if (count <= 0) return
    this.#position.copyWithin(0, count * 3, this.#length * 3)
    this.#colour.copyWithin(0, count * 3, this.#length * 3)
    this.#spacing.copyWithin(0, count, this.#length)
    this.#born.copyWithin(0, count, this.#length)
    this.#length -= count
  }

  #append({ colour, depth }: ShownFrame, pose: Pose, chunk: number): void {
    const { width, height } = this.#settings
    const { right, up, forward } = axes(pose)
    const first = this.#length
    for (let i = 0; i < depth.length; i++) {
      const across = ((i % width) + 0.5 - width / 2) / this.#focal
      const above = (height / 2 - Math.floor(i / width) - 0.5) / this.#focal
      const z = depth[i]!
      const at = (first + i) * 3
      this.#position[at] = pose.x + (forward[0] + right[0] * across + up[0] * above) * z
      this.#position[at + 1] = pose.y + (forward[1] + right[1] * across + up[1] * above) * z
      this.#position[at + 2] = pose.z + (forward[2] + right[2] * across + up[2] * above) * z
      this.#spacing[first + i] = z / this.#focal
    }
    this.#colour.set(colour, first * 3)
    this.#born.fill(chunk, first, first + depth.length)
    this.#length += depth.length
  }

  /**
   * One view [6,h,w] of the memory seen from `pose` before chunk `chunk`, into `out`: colours -1..1, known 0 or 1, inverse depth
   * in 1/blocks up to 1, age 0..1; zeros where nothing is known.
   */
  render(pose: Pose, chunk: number, out: Float32Array): void {
    this.#findNearest(pose)
    const { forward } = axes(pose)
    const pixels = this.#winner.length
    out.fill(0)
    for (let pixel = 0; pixel < pixels; pixel++) {
      const point = this.#winner[pixel]! - 1
      if (point < 0) continue
      const at = point * 3
      for (let k = 0; k < 3; k++) out[k * pixels + pixel] = (this.#colour[at + k]! / this.#colourScale) * 2 - 1
      const away =
        (this.#position[at]! - pose.x) * forward[0] +
        (this.#position[at + 1]! - pose.y) * forward[1] +
        (this.#position[at + 2]! - pose.z) * forward[2]
      out[3 * pixels + pixel] = 1
      out[4 * pixels + pixel] = Math.min(1, 1 / away)
      out[5 * pixels + pixel] = Math.min(1, (chunk - this.#born[point]!) / LONGEST_AGE)
    }
  }

  /** Fills `winner`: each point covers a square of its size in the picture, and the nearest one is seen. */
  #findNearest(pose: Pose): void {
    const { width, height } = this.#settings
    const { right, up, forward } = axes(pose)
    const position = this.#position
    const winner = this.#winner.fill(0)
    const nearest = this.#nearest
    for (let i = 0; i < this.#length; i++) {
      const dx = position[i * 3]! - pose.x
      const dy = position[i * 3 + 1]! - pose.y
      const dz = position[i * 3 + 2]! - pose.z
      const z = dx * forward[0] + dy * forward[1] + dz * forward[2]
      if (!(z > NEAREST && z < 2 * FARTHEST)) continue
      const scale = this.#focal / z
      const half = halfWidth(this.#spacing[i]! * scale)
      const x = (dx * right[0] + dy * right[1] + dz * right[2]) * scale + width / 2
      const y = height / 2 - (dx * up[0] + dy * up[1] + dz * up[2]) * scale
      const lastColumn = Math.min(width - 1, Math.floor(x + half - 0.5))
      const lastRow = Math.min(height - 1, Math.floor(y + half - 0.5))
      const key = Math.floor(z * DEPTH_STEPS)
      for (let row = Math.max(0, Math.ceil(y - half - 0.5)); row <= lastRow; row++) {
        for (let column = Math.max(0, Math.ceil(x - half - 0.5)); column <= lastColumn; column++) {
          const pixel = row * width + column
          // Points come oldest first: an equally near one is newer.
          if (winner[pixel] !== 0 && key > nearest[pixel]!) continue
          nearest[pixel] = key
          winner[pixel] = i + 1
        }
      }
    }
  }

  clone(): PointMemory {
    const copy = new PointMemory(this.#settings)
    copy.#position.set(this.#position)
    copy.#colour.set(this.#colour)
    copy.#spacing.set(this.#spacing)
    copy.#born.set(this.#born)
    copy.#length = this.#length
    return copy
  }

  /** Point `index` of {@link length}, oldest first. */
  at(index: number): MemoryPoint {
    const [x, y, z] = this.#position.subarray(index * 3, index * 3 + 3) as unknown as [number, number, number]
    const [red, green, blue] = this.#colour.subarray(index * 3, index * 3 + 3) as unknown as [number, number, number]
    const colour = [red / this.#colourScale, green / this.#colourScale, blue / this.#colourScale] as const
    return { x, y, z, spacing: this.#spacing[index]!, colour, born: this.#born[index]! }
  }

  /** Adds a point, for restoring; the caller keeps to `maxPoints`. */
  add(point: MemoryPoint): void {
    const at = this.#length++
    this.#position.set([point.x, point.y, point.z], at * 3)
    this.#colour.set(
      point.colour.map((value) => Math.round(value * this.#colourScale)),
      at * 3,
    )
    this.#spacing[at] = point.spacing
    this.#born[at] = point.born
  }
}

/** Pixels around its place that a point covers, from the distance to its neighbours in pixels. */
function halfWidth(spacing: number): number {
  return Math.max(0.5, Math.min(LARGEST_HALF_WIDTH - SLACK, spacing / 2)) + SLACK
}
