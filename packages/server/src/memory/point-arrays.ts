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
