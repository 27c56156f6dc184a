import type { FrameSize, ModelManifest } from '@sora-world/sdk/protocol'
import type { DenoiseInput, DenoiseOutput, WorldModel } from '../model/denoiser.ts'
import { besideEachOther } from './beside-each-other.ts'
import { sigmaSchedule } from './schedule.ts'

/** All inputs of the next chunk of B rollouts except noise; T = 1, so its axis is left out of the shapes. */
export interface ChunkContext {
  size: FrameSize
  batch: number
  /** [B,C,h,w], zeros before the first chunk */
  previous: Float32Array
  /** [B,F,A] */
  actions: Float32Array
  /** [B,K,D] and [B,E] */
  text: Float32Array
  pooled: Float32Array
  /** [B] chunk index mod timePeriod */
  time: Float32Array
  /** [B,W+1]; the last column, the chunk itself, is 1 */
  mask: Float32Array
  /** [L,B,heads,W*N,headDim] */
  pastKey: Float32Array
  pastValue: Float32Array
  /** [B,6,H/scale,W/scale]; only for a model with world memory */
  memory?: Float32Array
}

/** Text inputs of the empty caption, [B,K,D] and [B,E], and how far to go from what it gives to what the captions give. */
export interface CaptionGuidance {
  /** 1: to the captions and no farther */
  scale: number
  text: Float32Array
  pooled: Float32Array
}

export interface SampleOptions {
  steps: number
  /** Two passes for each step instead of one. */
  guidance?: CaptionGuidance
  signal?: AbortSignal
}

/**
 * Denoises one chunk of B rollouts from `noise` [B,C,h,w] to clean latents of the same shape.
 *
 * The model predicts the clean latent at every step (x-prediction); the latent moves along the straight line towards
 * it. The cache is read, never written: `commitChunk` writes it once the chunk is accepted. Guidance goes from what the empty
 * caption gives past what the caption gives (Ho and Salimans 2022, arXiv 2207.12598, equation 6, on clean latents).
 *
 * @throws `signal.reason` when aborted between two steps; nothing has been committed then
 */
export async function sampleChunk(
  model: WorldModel,
  noise: Float32Array,
  { steps, guidance, signal }: SampleOptions,
  context: ChunkContext,
): Promise<Float32Array> {
  const sigmas = sigmaSchedule(steps)
  let latent = noise
  for (let step = 0; step < steps; step++) {
    signal?.throwIfAborted()
    const sigma = sigmas[step]!
    const input = { ...passInput(latent, sigma, 1 / steps, context), onlyClean: true }
    const clean = guidance ? await guidedClean(model, input, guidance) : (await model.denoise(input)).clean
    latent = stepTowards(clean, latent, sigmas[step + 1]! / sigma)
  }
  return latent
}

/**
 * The pass that makes a finished chunk part of the context: denoises `latent` [B,C,h,w] mixed with a little `noise`
 * (the manifest's context noise, which the model was trained with so that small errors do not add up).
 *
 * `presentKey` and `presentValue` of the result go into the caches. Its `pose` is the one to publish: here the model
 * sees the chunk that was really made, not a guess at it.
 */
export function commitChunk(
  model: WorldModel,
  latent: Float32Array,
  noise: Float32Array,
  context: ChunkContext,
): Promise<DenoiseOutput> {
  const { contextNoise, steps } = model.manifest.denoiser
  return model.denoise(passInput(mixNoise(latent, noise, contextNoise), contextNoise, 1 / steps.max, context))
}

/** noisy = (1 - sigma) * clean + sigma * noise, into a new array. */
export function mixNoise(clean: Float32Array, noise: Float32Array, sigma: number): Float32Array {
  const out = new Float32Array(clean.length)
  for (let i = 0; i < out.length; i++) out[i] = (1 - sigma) * clean[i]! + sigma * noise[i]!
  return out
}

/** from + ratio * (to - from), into a new array. */
function stepTowards(from: Float32Array, to: Float32Array, ratio: number): Float32Array {
  const out = new Float32Array(from.length)
  for (let i = 0; i < out.length; i++) out[i] = from[i]! + ratio * (to[i]! - from[i]!)
  return out
}

/** The latent that a guided step goes towards: both passes at once where the model has a thread for the second. */
async function guidedClean(model: WorldModel, told: DenoiseInput, { text, pooled, scale }: CaptionGuidance) {
  const untold = { ...told, text, pooled }
  const here = () => model.denoise(told)
  const [plain, full] = model.denoiseAside
    ? await besideEachOther(() => model.denoiseAside!(untold), here)
    : [await model.denoise(untold), await here()]
  return guide(plain.clean, full.clean, scale, model.manifest.latent, told.batch)
}

/**
 * plain + scale * (told - plain), [B,C,h,w] each, in the channels of the picture. Those of depth stay what the caption
 * gives: a stronger desert is no nearer, and guided depth was worse by a tenth.
 */
function guide(
  plain: Float32Array,
  told: Float32Array,
  scale: number,
  { channels, depthChannels = 0 }: ModelManifest['latent'],
  batch: number,
): Float32Array {
  const out = stepTowards(plain, told, scale)
  const row = told.length / batch
  const picture = (row / channels) * (channels - depthChannels)
  for (let start = 0; start < told.length; start += row) {
    out.set(told.subarray(start + picture, start + row), start + picture)
  }
  return out
}

function passInput(noisy: Float32Array, sigma: number, stepSize: number, context: ChunkContext): DenoiseInput {
  const perRollout = (value: number) => new Float32Array(context.batch).fill(value)
  return { ...context, chunks: 1, noisy, sigma: perRollout(sigma), stepSize: perRollout(stepSize) }
}
