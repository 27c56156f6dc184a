import type { PointArrays } from './point-arrays.ts'

/** Blocks; a column of cells. The axes of a memory are turned against the blocks of its world, hence less than a block. */
export const COLUMN_WIDTH = 0.25
/** Rows of cells a block high; the top of row 0 is the ground that the player stands on or jumped off. */
const LOWEST = -5
const HIGHEST = 4
const ROWS = HIGHEST - LOWEST + 1
/** Row of the head of somebody who stands. */
const HEAD = 2

/** Blocks that a top may seem too high, and an underside too low. */
const SLACK = 0.3
/** Blocks above the ground from which on what is level is seen from below. */
const SEEN_FROM_BELOW = 1.5
/** Square blocks of surface, seen from the front, that make a cell solid: a share of its side. Ground is believed from one point on. */
const LEAST_AREA = 0.25 * COLUMN_WIDTH
/**
 * The same for what would be in the way of somebody who gets along on the ground. Depth does not say to a frame when they
 * will be at a wall, but who has been stopped already does not get through, and who jumps may land on it.
 */
const LEAST_AREA_AHEAD = 0.6 * COLUMN_WIDTH
/** Blocks per frame; whoever is slower may have been stopped. */
const STOPPED = 0.1
/** So many points tell what is below. */
const LEAST_BELOW = 8
/** Blocks around the player in which points tell what they fall onto, and how far below. */
const FALL_REACH = 1.2
const DEEPEST = 4
/** Heights are told apart in steps of 1/16 block. */
const HEIGHT_STEPS = 16

/** Feet of the player in the memory, whether something carries them, and how fast they are to the sides. */
export interface Stand {
  x: number
  feet: number
  z: number
  onGround: boolean
  speed: number
}

/**
 * What is solid around the player, as far as the points tell.
 *
 * Decoded depth is off by a tenth and more, but blocks are a block high: so heights count in whole blocks from the ground
 * that the player stands on. Ground that was never seen is at that height, too, which is mostly so.
 */
export class NearbyBlocks {
  /** Columns from the player to each edge. */
  readonly reach: number
  /** Columns from edge to edge. */
  readonly #side: number
  readonly #found: Int32Array
  #count = 0
  readonly #points: Uint16Array
  readonly #area: Float32Array

  /** @param distance in blocks that must be covered around the player */
  constructor(maxPoints: number, distance: number) {
    this.reach = Math.ceil(distance / COLUMN_WIDTH)
    this.#side = 2 * this.reach
    this.#found = new Int32Array(maxPoints)
    this.#points = new Uint16Array(this.#side ** 2 * ROWS)
    this.#area = new Float32Array(this.#side ** 2 * ROWS)
  }

  /**
   * Solid cells, three numbers for each: columns along x, row, columns along z, the player being between columns -1 and 0.
   * The top of row 0 is at `level`.
   */
  around(points: PointArrays, stand: Stand, level: number): Int32Array {
    this.#findNear(points, stand, level)
    this.#sort(points, stand, level)
    const cells: number[] = []
    for (let column = 0; column < this.#side ** 2; column++) this.#addSolid(column, stand, cells)
    return Int32Array.from(cells)
  }

  /** Lists the points above and below the columns in `found`. */
  #findNear({ position, length }: PointArrays, { x, z }: Stand, level: number): void {
    const found = this.#found
    const farthest = this.reach * COLUMN_WIDTH
    const lowest = level + LOWEST - 1
    const highest = level + HIGHEST
    let count = 0
    for (let i = 0; i < length; i++) {
      if (Math.abs(position[i * 3]! - x) >= farthest || Math.abs(position[i * 3 + 2]! - z) >= farthest) continue
      const y = position[i * 3 + 1]!
      if (y > lowest && y < highest) found[count++] = i
    }
    this.#count = count
  }

  /** Counts points and sums up their surface in each cell. */
  #sort({ position, spacing }: PointArrays, { x, z }: Stand, level: number): void {
    const points = this.#points.fill(0)
    const area = this.#area.fill(0)
    for (let k = 0; k < this.#count; k++) {
      const i = this.#found[k]!
      const row = rowOf(position[i * 3 + 1]! - level)
      if (row < LOWEST || row > HIGHEST) continue
      const column = this.#columnOf(position[i * 3 + 2]! - z) * this.#side + this.#columnOf(position[i * 3]! - x)
      const cell = column * ROWS + row - LOWEST
      if (points[cell]! < 0xffff) points[cell]!++
      area[cell]! += spacing[i]! * spacing[i]!
    }
  }

  #addSolid(column: number, { onGround, speed }: Stand, cells: number[]): void {
    const x = (column % this.#side) - this.reach
    const z = Math.floor(column / this.#side) - this.reach
    // Where the body is nothing else can be, and something carries it.
    const isBody = isMiddle(x) && isMiddle(z)
    cells.push(x, isBody && onGround ? 0 : this.#floor(column), z)
    const ahead = speed < STOPPED || !onGround ? LEAST_AREA : LEAST_AREA_AHEAD
    for (let row = isBody ? HEAD + 1 : 1; row <= HIGHEST; row++) {
      const least = row > HEAD ? LEAST_AREA : ahead
      if (this.#area[column * ROWS + row - LOWEST]! >= least) cells.push(x, row, z)
    }
  }

  /** Row of the ground. */
  #floor(column: number): number {
    for (let row = 0; row >= LOWEST; row--) if (this.#points[column * ROWS + row - LOWEST]! > 0) return row
    return 0
  }

  #columnOf(offset: number): number {
    return Math.min(this.#side - 1, Math.floor(offset / COLUMN_WIDTH) + this.reach)
  }
}

/** What somebody falls onto who is too fast to have jumped off it: the height of most of what is below. Not a number if nothing is. */
export function groundBelow({ position, length }: PointArrays, { x, feet, z }: Stand): number {
  const counts = new Uint32Array(DEEPEST * HEIGHT_STEPS)
  let total = 0
  for (let i = 0; i < length; i++) {
    const step = Math.floor((feet - position[i * 3 + 1]!) * HEIGHT_STEPS)
    if (step < 0 || step >= counts.length) continue
    if (Math.hypot(position[i * 3]! - x, position[i * 3 + 2]! - z) > FALL_REACH) continue
    counts[step]!++
    total++
  }
  if (total < LEAST_BELOW) return Number.NaN
  let above = 0
  const middle = counts.findIndex((count) => (above += count) * 2 >= total)
  return feet - (middle + 0.5) / HEIGHT_STEPS
}

function isMiddle(columns: number): boolean {
  return columns === -1 || columns === 0
}

/** Row of the block whose surface is `above` the ground: its top or a side seen from above, its underside from below. */
function rowOf(above: number): number {
  if (above >= SEEN_FROM_BELOW) return Math.floor(above + SLACK) + 1
  return Math.ceil(above - SLACK)
}
