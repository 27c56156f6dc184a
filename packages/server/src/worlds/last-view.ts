import type { DecodeOutput, WorldModel } from '../model/denoiser.ts'
import { modelDims } from '../model/denoiser.ts'
import type { WorldValue } from './world-value.ts'

/**
 * The last chunk of a world as it was shown; undefined for a world that has none yet. Decoded behind a context window of
 * chunks, as for somebody who came late, unless the whole history is no longer: people see this first, and wait for it.
 */
export async function lastView(
  model: WorldModel,
  { size, history, mark }: WorldValue,
): Promise<DecodeOutput | undefined> {
  const { stateChannels, latentHeight, latentWidth, contextChunks } = modelDims(model.manifest, size)
  const last = history.slice(-contextChunks - 1)
  const known = last.length === history.length ? mark?.decoder : undefined
  let state = known ?? new Float32Array(stateChannels * latentHeight * latentWidth)
  let shown: DecodeOutput | undefined
  for (const { latent } of last) {
    shown = await model.decode({ size, batch: 1, latent, state })
    state = shown.nextState
  }
  return shown
}
