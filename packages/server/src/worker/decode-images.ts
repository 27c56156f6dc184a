import sharp from 'sharp'
import type { WorldModel } from '../model/denoiser.ts'
import { rowOf, stack } from './chunk-context.ts'
import type { ChunkJob } from './model-worker.ts'
import type { Rollout, RolloutJob } from './rollout.ts'

// Chunks are small and the model needs the cores.
sharp.concurrency(1)
sharp.cache(false)

/**
 * Decodes the new chunks of those jobs that ask for images. `latents[row]` [C,h,w] belongs to `jobs[row]`.
 *
 * Resolves to the encoded images by row; advances the decoder state of their rollouts.
 */
export async function decodeImages(
  model: WorldModel,
  jobs: readonly RolloutJob[],
  latents: readonly Float32Array[],
): Promise<Map<number, Uint8Array[]>> {
  const wanted = jobs.flatMap(({ job }, row) => (job.images ? [row] : []))
  if (wanted.length === 0) return new Map()
  const rollouts = wanted.map((row) => jobs[row]!.rollout)
  const states = await Promise.all(rollouts.map((rollout) => decoderStateFor(model, rollout)))
  const { size } = rollouts[0]!.spec
  const decoded = await model.decode({
    size,
    batch: wanted.length,
    latent: stack(wanted.map((row) => latents[row]!)),
    state: stack(states),
  })
  const encoded = await Promise.all(
    wanted.map((row, i) => encodeFrames(rowOf(decoded.frames, wanted.length, i), size, jobs[row]!.job.images!)),
  )
  rollouts.forEach((rollout, i) => {
    const state = rowOf(decoded.nextState, wanted.length, i)
    rollout.decoder = { nextIndex: rollout.nextIndex + 1, state }
  })
  return new Map(wanted.map((row, i) => [row, encoded[i]!]))
}

/** State for the next chunk: kept from the last one, or made from the recent latents when images start late. */
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

/** uint8 [F,H,W,3] to F image files. */
function encodeFrames(
  frames: Uint8Array,
  size: { width: number; height: number },
  format: NonNullable<ChunkJob['images']>,
): Promise<Uint8Array[]> {
  const bytes = size.width * size.height * 3
  const count = frames.length / bytes
  return Promise.all(
    Array.from({ length: count }, (_, frame) => {
      const pixels = frames.subarray(frame * bytes, (frame + 1) * bytes)
      const image = sharp(pixels, { raw: { width: size.width, height: size.height, channels: 3 } })
      // effort 0: at these sizes 1.2 ms instead of 5 for a few per cent of bytes.
      const encoder =
        format.type === 'image/webp'
          ? image.webp({ quality: format.quality, effort: 0 })
          : image.jpeg({ quality: format.quality })
      return encoder.toBuffer()
    }),
  )
}
