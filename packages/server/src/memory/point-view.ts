import { type Axes, axes, focal, type Pose } from './camera.ts'
import type { MemorySettings } from './memory-settings.ts'
import { colourRange, type PointArrays } from './point-arrays.ts'
import { FARTHEST } from './shown-frame.ts'

/** Of one view: red, green, blue, known, inverse depth, age. */
export const VIEW_CHANNELS = 6
/** Blocks; nothing nearer is drawn. */
export const NEAREST = 0.1
/** Chunks at which the age channel is 1. */
const LONGEST_AGE = 64
/** Pixels added to the half width of a point, so that rotation leaves no gaps. */
const SLACK = 0.15
/** Pixels; a point covers at most four across. */
const LARGEST_HALF_WIDTH = 1.85
/** Pixels around the picture beyond which no point reaches into it: a hair more than the largest half width. */
const MARGIN = 2
/**
 * Added to how far the views of a chunk are apart (blocks, and length of the difference of unit vectors), so that where the
 * player really ends up counts as one of them.
 */
const PLACE_SLACK = 0.2
const TURN_SLACK = 0.01
/** Depths are compared in steps of 1/1024 block; of equally near points the newest wins. */
const DEPTH_STEPS = 1024
/** Farther than any depth in {@link DEPTH_STEPS}. */
const NOTHING_SEEN = 0x7fffffff

/** Views whose place is no farther than `apart` from the middle one's, and whose axes differ from its by no more than `tilt`. */
interface ViewBounds {
  middle: Pose
  view: Axes
  apart: number
  tilt: number
}

/**
 * Draws points as seen from somewhere. Flat loops over numbers: it runs for each chunk of play, over tens of thousands
 * of points, and no call but the first allocates more than a few numbers.
 */
export class PointView {
  readonly #settings: MemorySettings
  readonly #focal: number
  /** Tangents of the angles beyond which a point cannot be in the picture. */
  readonly #widest: number
  readonly #highest: number
  /** Colour channel -1..1 of each sum. */
  readonly #shade: Float32Array
  /** What each pixel shows, index + 1 of a point, and how near in {@link DEPTH_STEPS}. */
  readonly #winner: Int32Array
  readonly #nearest: Int32Array
  /** Indices of the points that any of the poses may see, which are so many; and for which views that holds. */
  readonly #seen: Int32Array
  #seenCount = 0
  #seenFrom: ViewBounds | undefined

  constructor(settings: MemorySettings) {
    const { width, height, verticalFovDegrees, maxPoints } = settings
    const range = colourRange(settings)
    this.#settings = settings
    this.#focal = focal(height, verticalFovDegrees)
    this.#widest = (width / 2 + MARGIN) / this.#focal
    this.#highest = (height / 2 + MARGIN) / this.#focal
    this.#shade = Float32Array.from({ length: range + 1 }, (_, sum) => (sum / range) * 2 - 1)
    this.#winner = new Int32Array(width * height)
    this.#nearest = new Int32Array(width * height)
    this.#seen = new Int32Array(maxPoints)
  }

  /**
   * A view [6,h,w] from each pose before chunk `chunk`, one behind the other into `out`: colours -1..1, known 0 or 1, inverse
   * depth in 1/blocks up to 1, age 0..1; zeros where nothing is known.
   */
  draw(points: PointArrays, poses: readonly Pose[], chunk: number, out: Float32Array): void {
    this.#findSeen(points, poses)
    const length = VIEW_CHANNELS * this.#winner.length
    poses.forEach((pose, i) => {
      this.#findNearest(points, this.#seenCount, pose)
      this.#paint(points, pose, chunk, out.subarray(i * length, (i + 1) * length))
    })
  }

  /**
   * Indices, ascending, among which are all points that a view from `pose` may show: those found for the last drawing, when it
   * was drawn from about there and no point has changed since. Undefined otherwise.
   */
  candidates(pose: Pose): Int32Array | undefined {
    const from = this.#seenFrom
    if (!from) return undefined
    const { middle, view, apart, tilt } = from
    const isInside = distance(pose, middle) <= apart && largestChange(view, axes(pose)) <= tilt
    return isInside ? this.#seen.subarray(0, this.#seenCount) : undefined
  }

  /** Points have changed: what was found for the last drawing is no longer good. */
  forget(): void {
    this.#seenFrom = undefined
  }

  /**
   * Lists in `seen` what the views may show. The poses of a chunk are close to each other: a point that
   * is farther outside of the middle one's picture than the others differ from it is in none of them.
   */
  #findSeen({ position, length }: PointArrays, poses: readonly Pose[]): void {
    const seen = this.#seen
    const middle = poses[poses.length >> 1]!
    const view = axes(middle)
    const [rightX, rightY, rightZ] = view.right
    const [upX, upY, upZ] = view.up
    const [forwardX, forwardY, forwardZ] = view.forward
    const { x: eyeX, y: eyeY, z: eyeZ } = middle
    const apart = PLACE_SLACK + Math.max(...poses.map((pose) => distance(pose, middle)))
    const tilt = TURN_SLACK + Math.max(...poses.map((pose) => largestChange(view, axes(pose))))
    const widest = this.#widest
    const highest = this.#highest
    let count = 0
    for (let i = 0; i < length; i++) {
      const dx = position[i * 3]! - eyeX
      const dy = position[i * 3 + 1]! - eyeY
      const dz = position[i * 3 + 2]! - eyeZ
      // Most that a coordinate of this point can differ between two of the views.
      const change = apart + tilt * Math.sqrt(dx * dx + dy * dy + dz * dz)
      const z = dx * forwardX + dy * forwardY + dz * forwardZ + change
      if (!(z > NEAREST)) continue
      if (Math.abs(dx * rightX + dy * rightY + dz * rightZ) - change > widest * z) continue
      if (Math.abs(dx * upX + dy * upY + dz * upZ) - change > highest * z) continue
      seen[count++] = i
    }
    this.#seenCount = count
    this.#seenFrom = { middle, view, apart, tilt }
  }

  /** Fills `winner`: each point covers a square of its size in the picture, and the nearest one is seen. */
  #findNearest({ position, spacing }: PointArrays, count: number, pose: Pose): void {
    const { width, height } = this.#settings
    const { right, up, forward } = axes(pose)
    const [rightX, rightY, rightZ] = right
    const [upX, upY, upZ] = up
    const [forwardX, forwardY, forwardZ] = forward
    const { x: eyeX, y: eyeY, z: eyeZ } = pose
    const perSlope = this.#focal
    const widest = this.#widest
    const highest = this.#highest
    const seen = this.#seen
    const winner = this.#winner.fill(0)
    const nearest = this.#nearest.fill(NOTHING_SEEN)
    for (let k = 0; k < count; k++) {
      const i = seen[k]!
      const dx = position[i * 3]! - eyeX
      const dy = position[i * 3 + 1]! - eyeY
      const dz = position[i * 3 + 2]! - eyeZ
      const z = dx * forwardX + dy * forwardY + dz * forwardZ
      if (!(z > NEAREST && z < 2 * FARTHEST)) continue
      const across = dx * rightX + dy * rightY + dz * rightZ
      if (Math.abs(across) > widest * z) continue
      const above = dx * upX + dy * upY + dz * upZ
      if (Math.abs(above) > highest * z) continue
      const scale = perSlope / z
      const half = halfWidth(spacing[i]! * scale)
      const x = across * scale + width / 2
      const y = height / 2 - above * scale
      const firstColumn = Math.max(0, Math.ceil(x - half - 0.5)) | 0
      const lastColumn = Math.min(width - 1, Math.floor(x + half - 0.5)) | 0
      const lastRow = Math.min(height - 1, Math.floor(y + half - 0.5)) | 0
      const key = (z * DEPTH_STEPS) | 0
      for (let row = Math.max(0, Math.ceil(y - half - 0.5)) | 0; row <= lastRow; row++) {
        const end = row * width + lastColumn
        for (let pixel = row * width + firstColumn; pixel <= end; pixel++) {
          // Points come oldest first: an equally near one is newer.
          if (key > nearest[pixel]!) continue
          nearest[pixel] = key
          winner[pixel] = i + 1
        }
      }
    }
  }

  #paint({ position, colour, born }: PointArrays, pose: Pose, chunk: number, out: Float32Array): void {
    const [forwardX, forwardY, forwardZ] = axes(pose).forward
    const { x, y, z } = pose
    const winner = this.#winner
    const shade = this.#shade
    const pixels = winner.length
    for (let pixel = 0; pixel < pixels; pixel++) {
      const point = winner[pixel]! - 1
      if (point < 0) {
        for (let at = pixel; at < out.length; at += pixels) out[at] = 0
        continue
      }
      const at = point * 3
      const away =
        (position[at]! - x) * forwardX + (position[at + 1]! - y) * forwardY + (position[at + 2]! - z) * forwardZ
      out[pixel] = shade[colour[at]!]!
      out[pixels + pixel] = shade[colour[at + 1]!]!
      out[2 * pixels + pixel] = shade[colour[at + 2]!]!
      out[3 * pixels + pixel] = 1
      out[4 * pixels + pixel] = Math.min(1, 1 / away)
      out[5 * pixels + pixel] = Math.min(1, (chunk - born[point]!) / LONGEST_AGE)
    }
  }
}

function distance(a: Pose, b: Pose): number {
  return Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z)
}

/** The length of the longest difference between corresponding axes. */
function largestChange(a: Axes, b: Axes): number {
  const names = ['right', 'up', 'forward'] as const
  return Math.max(...names.map((name) => Math.hypot(...a[name].map((value, k) => value - b[name][k]!))))
}

/** Pixels around its place that a point covers, from the distance to its neighbours in pixels. */
function halfWidth(spacing: number): number {
  return Math.max(0.5, Math.min(LARGEST_HALF_WIDTH - SLACK, spacing / 2)) + SLACK
}
