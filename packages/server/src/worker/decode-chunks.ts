import type { WorldModel } from '../model/denoiser.ts'
import { rowOf, stack } from './chunk-context.ts'
import type { DecodedChunk, Rollout } from './rollout.ts'

/**
 * Decodes the chunks that come next in `rollouts`, all of one size: `latents[row]` [C,h,w] belongs to `rollouts[row]`.
 * The rollouts stay as they are.
 */
export async function decodeChunks(
  model: WorldModel,
  rollouts: readonly Rollout[],
  latents: readonly Float32Array[],
): Promise<DecodedChunk[]> {
  const batch = rollouts.length
  if (batch === 0) return []
  const states = await Promise.all(rollouts.map((rollout) => decoderStateFor(model, rollout)))
  const { size } = rollouts[0]!.spec
  const decoded = await model.decode({ size, batch, latent: stack(latents), state: stack(states) })
  return rollouts.map((_, row) => ({
    frames: rowOf(decoded.frames, batch, row),
    inverseDepth: rowOf(decoded.inverseDepth, batch, row),
    nextState: rowOf(decoded.nextState, batch, row),
  }))
}

/** State for the next chunk: kept from the last one, or made from the recent latents when decoding starts late. */
async function decoderStateFor(model: WorldModel, rollout: Rollout): Promise<Float32Array> {
  const { decoder, dims, spec } = rollout
  if (decoder?.nextIndex === rollout.nextIndex) return decoder.state
  let state = new Float32Array(dims.stateChannels * dims.latentHeight * dims.latentWidth)
  for (const latent of rollout.recent) {
    const { nextState } = await model.decode({ size: spec.size, batch: 1, latent, state })
    state = nextState as Float32Array<ArrayBuffer>
  }
  return state
}
