import type { Clip } from './clip.ts'
import { median } from './statistics.ts'

/** A grid of places over one frame. */
export interface DepthGrid {
  rows: number
  columns: number
}

/** The clip's inverse depth at place `i` of [T,rows,columns] of another grid over the same pictures; 1/blocks, 0 = sky. */
export function inverseDepthAt({ depth }: Clip, grid: DepthGrid, i: number): number {
  const places = grid.rows * grid.columns
  const y = Math.floor((i % places) / grid.columns)
  const x = i % grid.columns
  const row = Math.floor(((y + 0.5) * depth.rows) / grid.rows)
  const column = Math.floor(((x + 0.5) * depth.columns) / grid.columns)
  return depth.inverse[(Math.floor(i / places) * depth.rows + row) * depth.columns + column]!
}

/** Part of a clip as a model gave its depth: [n,rows,columns] of frames from `firstFrame` on. */
export interface FoundDepth {
  clip: Clip
  firstFrame: number
  inverseDepth: Float32Array
}

/** Median relative error of distances where the truth is not sky; null where there is nothing to compare. */
export function depthError(found: readonly FoundDepth[], grid: DepthGrid): number | null {
  const errors: number[] = []
  for (const { clip, firstFrame, inverseDepth } of found) {
    const first = firstFrame * grid.rows * grid.columns
    for (let i = 0; i < inverseDepth.length; i++) {
      const truth = inverseDepthAt(clip, grid, first + i)
      if (truth > 0) errors.push(relativeError(inverseDepth[i]!, truth))
    }
  }
  return median(errors)
}

/** A generated sky in the place of something is infinitely far. */
function relativeError(found: number, truth: number): number {
  return found <= 0 ? Number.POSITIVE_INFINITY : Math.abs(truth / found - 1)
}
