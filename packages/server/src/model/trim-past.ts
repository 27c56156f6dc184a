import type { DenoiseInput, ModelDims } from './denoiser.ts'

/** What a pass needs of the cache: the leading slots that any chunk of it may attend to. */
export interface TrimmedPast {
  slots: number
  /** [B,T,slots+T] */
  mask: Float32Array
  /** [L,B,heads,slots*N,headDim] */
  pastKey: Float32Array
  pastValue: Float32Array
}

/**
 * Leaves out the slots behind the last one that is attended to. A cache fills from its first slot on, so this takes the
 * empty ones off a young world: of voxel's first view, 32 passes, they were half the time.
 *
 * A full cache is handed on as it is, without a copy.
 */
export function trimPast(
  input: Pick<DenoiseInput, 'mask' | 'pastKey' | 'pastValue' | 'chunks'>,
  dims: Pick<ModelDims, 'contextChunks' | 'tokens' | 'headDim'>,
): TrimmedPast {
  const { contextChunks, tokens, headDim } = dims
  const columns = contextChunks + input.chunks
  const slots = slotsInUse(input.mask, columns, contextChunks)
  if (slots === contextChunks) {
    return { slots, mask: input.mask, pastKey: input.pastKey, pastValue: input.pastValue }
  }
  const from = contextChunks * tokens * headDim
  const to = slots * tokens * headDim
  return {
    slots,
    mask: withoutSlots(input.mask, columns, slots, contextChunks),
    pastKey: headOfRows(input.pastKey, from, to),
    pastValue: headOfRows(input.pastValue, from, to),
  }
}

function slotsInUse(mask: Float32Array, columns: number, contextChunks: number): number {
  let used = 0
  for (let row = 0; row < mask.length; row += columns) {
    for (let slot = used; slot < contextChunks; slot++) if (mask[row + slot]! > 0) used = slot + 1
  }
  return used
}

/** Rows of `columns` without the columns from `slots` up to `contextChunks`. */
function withoutSlots(mask: Float32Array, columns: number, slots: number, contextChunks: number): Float32Array {
  const kept = columns - contextChunks + slots
  const out = new Float32Array((mask.length / columns) * kept)
  for (let row = 0; row * columns < mask.length; row++) {
    const start = row * columns
    out.set(mask.subarray(start, start + slots), row * kept)
    out.set(mask.subarray(start + contextChunks, start + columns), row * kept + slots)
  }
  return out
}

/** The first `to` numbers of each row of `from`. */
function headOfRows(values: Float32Array, from: number, to: number): Float32Array {
  const rows = values.length / from
  const out = new Float32Array(rows * to)
  for (let row = 0; row < rows && to > 0; row++) out.set(values.subarray(row * from, row * from + to), row * to)
  return out
}
