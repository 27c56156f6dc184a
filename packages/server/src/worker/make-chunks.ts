import { SoraError } from '@sora-world/sdk/protocol'
import type { TextEncoder } from '../conditioning/text-encoder.ts'
import type { WorldModel } from '../model/denoiser.ts'
import { commitChunk, sampleChunk } from '../sampler/sample-chunk.ts'
import { type ChunkRequest, chunkContext, nextNoise, rowOf } from './chunk-context.ts'
import { decodeImages } from './decode-images.ts'
import type { ChunkResult, CommittedChunk } from './model-worker.ts'
import type { Rollout, RolloutJob } from './rollout.ts'

/**
 * Splits jobs into batches that can run together: same picture size, same step count, at most `maxBatch`. Each batch
 * is a list of positions in `jobs`.
 */
export function batchJobs(jobs: readonly RolloutJob[], maxBatch: number): number[][] {
  const batches = new Map<string, number[][]>()
  jobs.forEach(({ rollout: { spec } }, position) => {
    const key = `${spec.size.width}x${spec.size.height}/${spec.steps}`
    const open = batches.get(key) ?? []
    if (open.length === 0 || open.at(-1)!.length >= maxBatch) open.push([])
    open.at(-1)!.push(position)
    batches.set(key, open)
  })
  return [...batches.values()].flat()
}

/**
 * Makes the next chunk of each rollout of one batch: denoise, commit pass, images where asked for.
 *
 * All or nothing: the rollouts change only after everything has worked. The times of the result are the batch's.
 *
 * @throws `signal.reason` when aborted; SoraError `internal` when the model gives numbers that are not finite
 */
export async function makeChunks(
  model: WorldModel,
  texts: TextEncoder,
  jobs: readonly RolloutJob[],
  signal?: AbortSignal,
): Promise<ChunkResult[]> {
  const requests = jobs.map(({ rollout, job }) => ({ rollout, actions: job.actions, caption: job.caption }))
  const started = performance.now()
  const context = await chunkContext(requests, texts, model.manifest.denoiser.timePeriod)
  const { steps } = jobs[0]!.rollout.spec
  const latents = await sampleChunk(model, nextNoise(requests, 'initial'), steps, context, signal)
  checkFinite(latents, jobs)
  const denoised = performance.now()
  const committed = await commitChunk(model, latents, nextNoise(requests, 'commit'), context)
  const cached = performance.now()
  const latentOf = jobs.map((_, row) => rowOf(latents, jobs.length, row))
  const images = await decodeImages(model, jobs, latentOf)
  const timings = {
    denoiseMs: denoised - started,
    commitMs: cached - denoised,
    decodeMs: images.size > 0 ? performance.now() - cached : 0,
  }
  jobs.forEach(({ rollout }, row) => {
    rollout.commit(latentOf[row]!, committed.presentKey, committed.presentValue, jobs.length, row)
  })
  return jobs.map(({ job }, row) => ({
    index: job.index,
    latent: latentOf[row]!,
    pose: rowOf(committed.pose, jobs.length, row),
    images: images.get(row),
    timings: { ...timings },
  }))
}

/**
 * Brings a fresh rollout to the end of `history`: one commit pass per chunk.
 *
 * A chunk sees W chunks back in each of L temporal layers, so only the last L*W chunks and the one before them count;
 * from so many (or from chunk 0 on) the cache is the same as if the rollout had never been interrupted.
 */
export async function prefill(
  model: WorldModel,
  texts: TextEncoder,
  rollout: Rollout,
  history: readonly CommittedChunk[],
): Promise<void> {
  const reach = rollout.dims.contextChunks * rollout.dims.layers + 1
  const used = history.slice(-reach)
  if (used[0]) rollout.startAt(used[0].index)
  for (const chunk of used) {
    checkHistory(rollout, chunk)
    const request: ChunkRequest = { rollout, actions: chunk.actions, caption: chunk.caption }
    const context = await chunkContext([request], texts, model.manifest.denoiser.timePeriod)
    const committed = await commitChunk(model, chunk.latent, nextNoise([request], 'commit'), context)
    rollout.commit(chunk.latent, committed.presentKey, committed.presentValue, 1, 0)
  }
}

function checkHistory(rollout: Rollout, chunk: CommittedChunk): void {
  rollout.checkJob({ rolloutId: rollout.spec.id, ...chunk })
  if (chunk.latent.length !== rollout.dims.latentLength) {
    throw new SoraError('message-invalid', `chunk ${chunk.index} of the history has another latent size`)
  }
}

function checkFinite(latents: Float32Array, jobs: readonly RolloutJob[]): void {
  if (latents.every(Number.isFinite)) return
  const ids = jobs.map(({ rollout }) => rollout.spec.id).join(', ')
  throw new SoraError('internal', `the model gave a number that is not finite for rollout ${ids}`)
}
