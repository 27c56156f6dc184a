import { axes, focal, type Pose } from './camera.ts'
import type { MemorySettings } from './memory-settings.ts'
import { colourRange, type PointArrays, pointArrays, removePoints, renewPoints } from './point-arrays.ts'
import { NEAREST, PointView } from './point-view.ts'
import type { ShownFrame } from './shown-frame.ts'

/**
 * What was shown, as coloured points in space; the same as `training/sora_world/memory/points.py`.
 *
 * After each chunk its last frame becomes points: one per pixel of the memory image, at the decoder's depth. What the
 * frame shows replaces what was known of the same place: older points that it sees at their depth, or through, are
 * forgotten, so the newest observation wins and a broken block does not come back. Points that it does not see, because
 * they are outside of the picture or behind something, stay. GEN3C (arXiv 2503.03751) and Voyager (arXiv 2506.04225)
 * condition a video model on such points; replacing by visibility takes the place of their fusion.
 */

/** A point is replaced when its depth is less than this times the depth seen there. */
const REPLACED_BEHIND = 1.25

/** One point, for a look at it. */
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
  /** Live, for files. */
  readonly arrays: PointArrays
  /** What white is as a colour of {@link arrays}. */
  readonly colourRange: number
  readonly #settings: MemorySettings
  readonly #focal: number
  /** Room for a list of points. */
  readonly #found: Int32Array
  #view: PointView | undefined

  constructor(settings: MemorySettings) {
    this.arrays = pointArrays(settings)
    this.#settings = settings
    this.#focal = focal(settings.height, settings.verticalFovDegrees)
    this.colourRange = colourRange(settings)
    this.#found = new Int32Array(settings.maxPoints)
  }

  /** Points alive. */
  get length(): number {
    return this.arrays.length
  }

  /** Takes in what chunk `chunk` ended with, seen from `pose`. */
  observe(frame: ShownFrame, pose: Pose, chunk: number): void {
    const forgotten = this.#findReplaced(frame.depth, pose)
    this.#view?.forget()
    const tooMany = this.length - forgotten.length + frame.depth.length - this.#settings.maxPoints
    removePoints(this.arrays, forgotten, Math.max(0, tooMany))
    this.#append(frame, pose, chunk)
  }

  /** What chunk `chunk` ended with, seen from `pose` at `depth` [h,w], is still as it was: it counts as seen just now. */
  confirm(depth: Float32Array, pose: Pose, chunk: number): void {
    const confirmed = this.#findReplaced(depth, pose)
    this.#view?.forget()
    renewPoints(this.arrays, confirmed, chunk)
  }

  /** Blocks: all points, to where the origin moves the other way. */
  moveBy(x: number, y: number, z: number): void {
    const { position, length } = this.arrays
    this.#view?.forget()
    for (let i = 0; i < length * 3; i += 3) {
      position[i]! += x
      position[i + 1]! += y
      position[i + 2]! += z
    }
  }

  /** The views from `poses`, into `out`: see {@link PointView.draw}. */
  render(poses: readonly Pose[], chunk: number, out: Float32Array): void {
    this.#view ??= new PointView(this.#settings)
    this.#view.draw(this.arrays, poses, chunk, out)
  }

  /** Indices of the points that `depth` [h,w] shows anew or sees through, ascending. */
  #findReplaced(depth: Float32Array, pose: Pose): Int32Array {
    const { position, length } = this.arrays
    const { width, height } = this.#settings
    const { right, up, forward } = axes(pose)
    const [rightX, rightY, rightZ] = right
    const [upX, upY, upZ] = up
    const [forwardX, forwardY, forwardZ] = forward
    const { x: eyeX, y: eyeY, z: eyeZ } = pose
    const perSlope = this.#focal
    // A pixel more than the picture, so that most points are done with before the division.
    const widest = (width / 2 + 1) / perSlope
    const found = this.#found
    // Most points are behind the player: those that were drawn for this chunk are enough to look at.
    const candidates = this.#view?.candidates(pose)
    const most = candidates?.length ?? length
    let count = 0
    for (let k = 0; k < most; k++) {
      const i = candidates ? candidates[k]! : k
      const dx = position[i * 3]! - eyeX
      const dy = position[i * 3 + 1]! - eyeY
      const dz = position[i * 3 + 2]! - eyeZ
      const z = dx * forwardX + dy * forwardY + dz * forwardZ
      if (!(z > NEAREST)) continue
      const across = dx * rightX + dy * rightY + dz * rightZ
      if (Math.abs(across) > widest * z) continue
      const scale = perSlope / z
      const x = across * scale + width / 2
      const y = height / 2 - (dx * upX + dy * upY + dz * upZ) * scale
      if (!(x >= 0 && x < width && y >= 0 && y < height)) continue
      if (z < depth[(y | 0) * width + (x | 0)]! * REPLACED_BEHIND) found[count++] = i
    }
    return found.subarray(0, count)
  }

  #append({ colour, depth }: ShownFrame, pose: Pose, chunk: number): void {
    const { width, height } = this.#settings
    const { arrays } = this
    const { position, spacing, length: first } = arrays
    const { right, up, forward } = axes(pose)
    const [rightX, rightY, rightZ] = right
    const [upX, upY, upZ] = up
    const [forwardX, forwardY, forwardZ] = forward
    const { x, y, z } = pose
    const perSlope = this.#focal
    for (let row = 0, i = 0; row < height; row++) {
      const above = (height / 2 - row - 0.5) / perSlope
      for (let column = 0; column < width; column++, i++) {
        const across = (column + 0.5 - width / 2) / perSlope
        const away = depth[i]!
        const at = (first + i) * 3
        position[at] = x + (forwardX + rightX * across + upX * above) * away
        position[at + 1] = y + (forwardY + rightY * across + upY * above) * away
        position[at + 2] = z + (forwardZ + rightZ * across + upZ * above) * away
        spacing[first + i] = away / perSlope
      }
    }
    arrays.colour.set(colour, first * 3)
    arrays.born.fill(chunk, first, first + depth.length)
    arrays.length += depth.length
  }

  clone(): PointMemory {
    const copy = new PointMemory(this.#settings)
    const { position, colour, spacing, born, length } = this.arrays
    copy.arrays.position.set(position.subarray(0, length * 3))
    copy.arrays.colour.set(colour.subarray(0, length * 3))
    copy.arrays.spacing.set(spacing.subarray(0, length))
    copy.arrays.born.set(born.subarray(0, length))
    copy.arrays.length = length
    return copy
  }

  /** Point `index` of {@link length}, oldest first. */
  at(index: number): MemoryPoint {
    const { position, colour, spacing, born } = this.arrays
    const [x, y, z] = position.subarray(index * 3, index * 3 + 3) as unknown as [number, number, number]
    const [red, green, blue] = colour.subarray(index * 3, index * 3 + 3) as unknown as [number, number, number]
    const range = this.colourRange
    return { x, y, z, spacing: spacing[index]!, colour: [red / range, green / range, blue / range], born: born[index]! }
  }

  /** Adds a point; the caller keeps to `maxPoints`. */
  add({ x, y, z, spacing, colour, born }: MemoryPoint): void {
    const { arrays } = this
    const at = arrays.length++
    arrays.position.set([x, y, z], at * 3)
    arrays.colour.set(
      colour.map((value) => Math.round(value * this.colourRange)),
      at * 3,
    )
    arrays.spacing[at] = spacing
    arrays.born[at] = born
  }
}
