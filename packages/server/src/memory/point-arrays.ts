import type { MemorySettings } from './memory-settings.ts'

/** Points as flat arrays, oldest first; those from `length` on mean nothing. */
export interface PointArrays {
  length: number
  /** [maxPoints,3] in blocks */
  readonly position: Float32Array
  /** [maxPoints,3], sums over `scale` x `scale` pixels as in `ShownFrame`: 0 .. {@link colourRange} */
  readonly colour: Uint16Array
  /** [maxPoints] blocks between neighbours when it was seen */
  readonly spacing: Float32Array
  /** [maxPoints] chunk that it was seen in */
  readonly born: Int32Array
}

export function pointArrays({ maxPoints }: MemorySettings): PointArrays {
  return {
    length: 0,
    position: new Float32Array(maxPoints * 3),
    colour: new Uint16Array(maxPoints * 3),
    spacing: new Float32Array(maxPoints),
    born: new Int32Array(maxPoints),
  }
}

/** What white is as a {@link PointArrays} colour. */
export function colourRange({ scale }: MemorySettings): number {
  return 255 * scale * scale
}

/**
 * Takes out the points of `indices`, ascending, and the `oldest` first of those that are left; the others close the gaps.
 * Every point moves at most once: what is taken out at the front and what is scattered behind it are one pass.
 */
export function removePoints(points: PointArrays, indices: Int32Array, oldest: number): void {
  let first = oldest
  let next = 0
  while (next < indices.length && indices[next]! <= first) {
    first++
    next++
  }
  let kept = 0
  for (; next <= indices.length; next++) {
    const end = next < indices.length ? indices[next]! : points.length
    movePoints(points, first, kept, end - first)
    kept += end - first
    first = end + 1
  }
  points.length = kept
}

/** Puts the points of `indices`, ascending, at the end, in their order, as seen in chunk `born`. */
export function renewPoints(points: PointArrays, indices: Int32Array, born: number): void {
  const { position, colour, spacing } = points
  const positions = Float32Array.from({ length: indices.length * 3 }, (_, i) => position[at(indices, i)]!)
  const colours = Uint16Array.from({ length: indices.length * 3 }, (_, i) => colour[at(indices, i)]!)
  const spacings = Float32Array.from(indices, (index) => spacing[index]!)
  removePoints(points, indices, 0)
  const first = points.length
  position.set(positions, first * 3)
  colour.set(colours, first * 3)
  spacing.set(spacings, first)
  points.born.fill(born, first, first + indices.length)
  points.length += indices.length
}

/** Where number `i` of the triples of `indices` is. */
function at(indices: Int32Array, i: number): number {
  return indices[Math.floor(i / 3)]! * 3 + (i % 3)
}

/** Points from which on a copy of whole arrays is faster than a loop. */
const LONG_RUN = 24

/** Puts `count` points from `from` on to where `to` points at, which is not behind them. */
function movePoints({ position, colour, spacing, born }: PointArrays, from: number, to: number, count: number): void {
  if (from === to) return
  if (count >= LONG_RUN) {
    position.copyWithin(to * 3, from * 3, (from + count) * 3)
    colour.copyWithin(to * 3, from * 3, (from + count) * 3)
    spacing.copyWithin(to, from, from + count)
    born.copyWithin(to, from, from + count)
    return
  }
  for (let i = 0; i < count * 3; i++) {
    position[to * 3 + i] = position[from * 3 + i]!
    colour[to * 3 + i] = colour[from * 3 + i]!
  }
  for (let i = 0; i < count; i++) {
    spacing[to + i] = spacing[from + i]!
    born[to + i] = born[from + i]!
  }
}
