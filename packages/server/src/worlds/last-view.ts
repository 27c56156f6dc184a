import type { DecodeOutput, WorldModel } from '../model/denoiser.ts'
import { modelDims } from '../model/denoiser.ts'
import type { WorldValue } from './world-value.ts'

/**
 * The last chunk of a world as it was shown; undefined for a world that has none yet. Exact when the history begins at a mark or
 * at the start; otherwise the decoder's state is that of somebody who came late.
 */
export async function lastView(
  model: WorldModel,
  { size, history, mark }: WorldValue,
): Promise<DecodeOutput | undefined> {
  const { stateChannels, latentHeight, latentWidth } = modelDims(model.manifest, size)
  let state = mark?.decoder ?? new Float32Array(stateChannels * latentHeight * latentWidth)
  let shown: DecodeOutput | undefined
  for (const { latent } of history) {
    shown = await model.decode({ size, batch: 1, latent, state })
    state = shown.nextState
  }
  return shown
}
