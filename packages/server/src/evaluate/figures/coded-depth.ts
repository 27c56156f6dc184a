import type { Evaluation } from '../evaluation.ts'
import { depthError } from '../true-depth.ts'

/**
 * Median relative error of the decoder's depth on the latents of true chunks, where the truth is not sky; null without
 * depth. A model with depth channels was told the true depth: then this is what coding it costs.
 */
export function measureDepth({ heldOut, model, size }: Evaluation): number | null {
  const { outputs, decoder, frames } = model.manifest
  if (!outputs.includes('depth')) return null
  const grid = { rows: size.height / decoder.depthScale, columns: size.width / decoder.depthScale }
  const found = heldOut.flatMap(({ clip, inverseDepth }) =>
    inverseDepth.map((chunk, index) => ({ clip, firstFrame: index * frames.perChunk, inverseDepth: chunk })),
  )
  return depthError(found, grid)
}
