import type { FrameSize } from '@sora-world/sdk/protocol'
import { type ModelDims, modelDims, type WorldModel } from '../model/denoiser.ts'
import { mixNoise } from './sample-chunk.ts'
import { sigmaSchedule, trainedStepSize } from './schedule.ts'

/** One chunk of a window. Text and actions are those in force for this chunk. */
export interface WindowChunk {
  /** Chunk index in its world; the model sees it mod timePeriod. */
  index: number
  /** [F,A] */
  actions: Float32Array
  /** [K,D] and [E] */
  text: Float32Array
  pooled: Float32Array
  /** [C,h,w] of a chunk that is given, or of one to start from (an edit). */
  latent?: Float32Array
  /** Noise level to start from: 0 = given, kept as it is; 1 = made from noise; between = changed by that much. */
  startSigma: number
  /** [C,h,w], standard normal: start of an unknown chunk, context noise of a given one. */
  noise: Float32Array
}

/** Which chunk of a window may attend to which: from the past only, or from all sides. */
export type WindowMask = 'causal' | 'full' | ((from: number, to: number) => boolean)

/** Keys and values of chunks before the window; without it the window stands alone. */
export interface WindowPast {
  /** [L,1,heads,W*N,headDim] */
  key: Float32Array
  value: Float32Array
  /** [W]: 1 = filled */
  filled: Float32Array
}

export interface WindowInput {
  size: FrameSize
  steps: number
  chunks: readonly WindowChunk[]
  mask: WindowMask
  past?: WindowPast
}

/**
 * Denoises T chunks together, each from its own noise level: the one tool behind extend (given first, unknown
 * after), loop and connect (given at both ends) and edit (all half noisy).
 *
 * Given chunks take part at the manifest's context noise and come back untouched. Resolves to T clean latents
 * [C,h,w].
 *
 * @throws `signal.reason` when aborted between two steps
 */
export async function sampleWindow(
  model: WorldModel,
  input: WindowInput,
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const { chunks, steps } = input
  const fixed = fixedInputs(model, input)
  const schedules = chunks.map((chunk) => sigmaSchedule(steps, chunk.startSigma))
  let latents = chunks.map(startLatent)
  for (let step = 0; step < steps; step++) {
    signal?.throwIfAborted()
    const { contextNoise } = model.manifest.denoiser
    const noisy = chunks.map((chunk, t) =>
      isGiven(chunk) ? mixNoise(latents[t]!, chunk.noise, contextNoise) : latents[t]!,
    )
    const sigma = chunks.map((chunk, t) => (isGiven(chunk) ? contextNoise : schedules[t]![step]!))
    const { clean } = await model.denoise({ ...fixed, noisy: join(noisy), sigma: Float32Array.from(sigma) })
    latents = latents.map((latent, t) => {
      if (isGiven(chunks[t]!)) return latent
      const ratio = schedules[t]![step + 1]! / schedules[t]![step]!
      const target = clean.subarray(t * latent.length, (t + 1) * latent.length)
      return latent.map((value, i) => target[i]! + ratio * (value - target[i]!))
    })
  }
  return latents
}

/** Everything that is the same for all steps. */
function fixedInputs(model: WorldModel, input: WindowInput) {
  const { chunks, steps, size } = input
  const { timePeriod, steps: allowed } = model.manifest.denoiser
  const dims = modelDims(model.manifest, size)
  const past = input.past ?? emptyPast(dims)
  const lengths = chunks.map((chunk) => (isGiven(chunk) ? 0 : chunk.startSigma / steps))
  return {
    size,
    batch: 1,
    chunks: chunks.length,
    previous: join(chunks.map((_, t) => previousLatent(chunks[t - 1], dims))),
    stepSize: Float32Array.from(lengths.map((length) => trainedStepSize(length, allowed.max))),
    actions: join(chunks.map((chunk) => chunk.actions)),
    text: join(chunks.map((chunk) => chunk.text)),
    pooled: join(chunks.map((chunk) => chunk.pooled)),
    time: Float32Array.from(chunks.map((chunk) => chunk.index % timePeriod)),
    mask: windowMask(chunks.length, input.mask, past.filled),
    pastKey: past.key,
    pastValue: past.value,
    // Windows are not of one player's path: nothing is remembered.
    memory: new Float32Array(chunks.length * dims.memoryLength),
  }
}

/** The model's `previous` input: the chunk before where it is given, zeros where it is not known yet. */
function previousLatent(before: WindowChunk | undefined, dims: ModelDims): Float32Array {
  return before && isGiven(before) ? before.latent! : new Float32Array(dims.latentLength)
}

function isGiven(chunk: WindowChunk): boolean {
  return chunk.startSigma === 0 && chunk.latent !== undefined
}

function startLatent(chunk: WindowChunk): Float32Array {
  if (!chunk.latent) return chunk.noise
  return isGiven(chunk) ? chunk.latent : mixNoise(chunk.latent, chunk.noise, chunk.startSigma)
}

/** [T,W+T]: the cache slots, then the chunks of the window; a chunk always sees itself. */
export function windowMask(length: number, mask: WindowMask, filled: Float32Array): Float32Array {
  const sees = (from: number, to: number) => {
    if (from === to || mask === 'full') return true
    return mask === 'causal' ? to < from : mask(from, to)
  }
  const chunks = Array.from({ length }, (_, t) => t)
  return Float32Array.from(chunks.flatMap((from) => [...filled, ...chunks.map((to) => (sees(from, to) ? 1 : 0))]))
}

function emptyPast(dims: ModelDims): WindowPast {
  const length = dims.layers * dims.heads * dims.contextChunks * dims.tokens * dims.headDim
  return {
    key: new Float32Array(length),
    value: new Float32Array(length),
    filled: new Float32Array(dims.contextChunks),
  }
}

function join(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}
