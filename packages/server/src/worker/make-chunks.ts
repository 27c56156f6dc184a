import { SoraError } from '@sora-world/sdk/protocol'
import type { TextEncoder } from '../conditioning/text-encoder.ts'
import type { WorldModel } from '../model/denoiser.ts'
import { besideEachOther } from '../sampler/beside-each-other.ts'
import { type ChunkContext, commitChunk, sampleChunk } from '../sampler/sample-chunk.ts'
import {
  captionGuidance,
  chunkContext,
  chunkRequests,
  commitRequest,
  nextNoise,
  rowOf,
  withMemoryOf,
} from './chunk-context.ts'
import { decodeChunks } from './decode-chunks.ts'
import { encodeImages } from './encode-images.ts'
import type { ChunkResult, CommittedChunk, RolloutMark } from './model-worker.ts'
import type { DecodedChunk, Rollout, RolloutJob } from './rollout.ts'

/**
 * Splits jobs into batches that can run together: same picture size, step count and guidance, at most `maxBatch`. Each
 * batch is a list of positions in `jobs`.
 */
export function batchJobs(jobs: readonly RolloutJob[], maxBatch: number): number[][] {
  const batches = new Map<string, number[][]>()
  jobs.forEach(({ rollout, job }, position) => {
    const { spec } = rollout
    const { steps, guidance } = rollout.sampling(job.caption)
    const key = `${spec.size.width}x${spec.size.height}/${steps}/${guidance}`
    const open = batches.get(key) ?? []
    if (open.length === 0 || open.at(-1)!.length >= maxBatch) open.push([])
    open.at(-1)!.push(position)
    batches.set(key, open)
  })
  return [...batches.values()].flat()
}

/**
 * Makes the next chunk of each rollout of one batch: memory image, denoise, depth fusion, commit pass, decoding for the
 * world memory and for images where asked for.
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
  const started = performance.now()
  const marks = jobs.map(({ rollout, job }) => rollout.mark(job.caption))
  const recoveries = jobs.map(({ rollout }) => rollout.isRecovering)
  const asked = jobs.map(({ rollout, job }) => chunkRequests(rollout, job.actions, job.caption))
  const requests = asked.map(({ toMake }) => toMake)
  const remembered = performance.now()
  const context = await chunkContext(requests, texts, model.manifest.denoiser.timePeriod)
  // The same for all of a batch, see `batchJobs`.
  const { steps, guidance: scale } = jobs[0]!.rollout.sampling(jobs[0]!.job.caption)
  const guidance = await captionGuidance(texts, jobs.length, scale)
  const sampled = await sampleChunk(model, nextNoise(requests, 'initial'), { steps, guidance, signal }, context)
  const latents = await fuseWithMemory(model, jobs, sampled, context)
  checkFinite(latents, jobs)
  const denoised = performance.now()
  const latentOf = jobs.map((_, row) => rowOf(latents, jobs.length, row))
  const noise = nextNoise(requests, 'commit')
  const commitContext = withMemoryOf(
    context,
    asked.map(({ toCommit }) => toCommit),
  )
  // Neither needs the other, and a model may have a thread for each.
  let cached = denoised
  const [decoded, committed] = await besideEachOther(
    () => decodeWhereNeeded(model, jobs, latentOf),
    async () => {
      const passed = await commitChunk(model, latents, noise, commitContext)
      cached = performance.now()
      // While the decoding is waited for.
      for (const { rollout } of jobs) rollout.noise.draw(rollout.nextIndex + 1)
      return passed
    },
  )
  const poseOf = jobs.map((_, row) => rowOf(committed.pose, jobs.length, row))
  const images = await imagesWhereAsked(jobs, decoded)
  const shown = performance.now()
  for (const [row, each] of decoded) {
    const { rollout, job } = jobs[row]!
    poseOf[row] = rollout.show(each, job.actions, poseOf[row]!)
  }
  const hasDepth = model.manifest.outputs.includes('depth')
  const hasMemory = jobs.some(({ rollout }) => rollout.memory)
  const timings = {
    denoiseMs: denoised - remembered,
    commitMs: cached - denoised,
    decodeMs: decoded.size > 0 ? shown - cached : 0,
    memoryMs: hasMemory ? remembered - started + performance.now() - shown : 0,
  }
  jobs.forEach(({ rollout }, row) => {
    const finished = { latent: latentOf[row]!, caption: jobs[row]!.job.caption }
    rollout.commit(finished, committed, jobs.length, row)
  })
  return jobs.map(({ job }, row) => ({
    index: job.index,
    latent: latentOf[row]!,
    pose: poseOf[row]!,
    images: images.get(row),
    imageDepth: hasDepth && images.has(row) ? decoded.get(row)!.inverseDepth : undefined,
    decoded: job.wantsFrames ? decoded.get(row) : undefined,
    mark: marks[row],
    isRecovery: recoveries[row] || undefined,
    batch: jobs.length,
    timings: { ...timings },
  }))
}

/** The latents [B,C,h,w] with depth that agrees with what is remembered, where model and rollouts can have that. */
async function fuseWithMemory(
  model: WorldModel,
  jobs: readonly RolloutJob[],
  latent: Float32Array,
  { size, batch, memory }: ChunkContext,
): Promise<Float32Array> {
  if (!model.fuseDepth || !memory || !jobs.some(({ rollout }) => rollout.memory)) return latent
  return model.fuseDepth({ size, batch, latent, memory })
}

/** By row: the new chunks that a memory or a client wants to see. */
async function decodeWhereNeeded(
  model: WorldModel,
  jobs: readonly RolloutJob[],
  latents: readonly Float32Array[],
): Promise<Map<number, DecodedChunk>> {
  const rows = jobs.flatMap(({ rollout, job }, row) => (rollout.memory || job.images || job.wantsFrames ? [row] : []))
  const rollouts = rows.map((row) => jobs[row]!.rollout)
  const wanted = rows.map((row) => latents[row]!)
  const decoded = await decodeChunks(model, rollouts, wanted)
  return new Map(rows.map((row, i) => [row, decoded[i]!]))
}

/** Encoded images by row. */
async function imagesWhereAsked(
  jobs: readonly RolloutJob[],
  decoded: ReadonlyMap<number, DecodedChunk>,
): Promise<Map<number, Uint8Array[]>> {
  const encoded = await Promise.all(
    [...decoded].map(async ([row, { frames }]) => {
      const { rollout, job } = jobs[row]!
      return job.images ? ([[row, await encodeImages(frames, rollout.spec.size, job.images)]] as const) : []
    }),
  )
  return new Map(encoded.flat())
}

/**
 * Brings a fresh rollout to the end of `history`: one commit pass per chunk, and decoding for a world memory.
 *
 * A chunk sees W chunks back in each of L temporal layers, so only the last L*W chunks and the one before them count;
 * from so many (or from chunk 0 on) the cache is the same as if the rollout had never been interrupted. A world memory
 * reaches farther: it starts from the mark and is shown all chunks since, those before the last L*W+1 without a commit
 * pass; without a mark it does not know what lies before the history.
 *
 * @throws SoraError `message-invalid` for a history that does not begin at its mark
 */
export async function prefill(
  model: WorldModel,
  texts: TextEncoder,
  rollout: Rollout,
  history: readonly CommittedChunk[],
  mark?: RolloutMark,
): Promise<void> {
  const reach = rollout.dims.contextChunks * rollout.dims.layers + 1
  const used = rollout.memory ? history : history.slice(-reach)
  if (used[0]) rollout.startAt(used[0].index)
  if (mark && rollout.memory) startFromMark(rollout, history, mark)
  for (const [i, chunk] of used.entries()) {
    const isSeenOnly = i < used.length - reach && chunk.pose !== undefined
    if (isSeenOnly) await showKnown(model, rollout, chunk, chunk.pose!)
    else await commitKnown(model, texts, rollout, chunk)
  }
}

/** A chunk that is too long ago for the cache: the memory alone has to see it. */
async function showKnown(
  model: WorldModel,
  rollout: Rollout,
  chunk: CommittedChunk,
  pose: Float32Array,
): Promise<void> {
  checkHistory(rollout, chunk)
  rollout.mark(chunk.caption)
  const [decoded] = await decodeChunks(model, [rollout], [chunk.latent])
  rollout.show(decoded!, chunk.actions, pose)
  rollout.finish(chunk)
}

function startFromMark(rollout: Rollout, history: readonly CommittedChunk[], mark: RolloutMark): void {
  if (history[0] && history[0].index !== mark.index) {
    throw new SoraError('message-invalid', `a history from chunk ${history[0].index} with a mark at ${mark.index}`)
  }
  rollout.startFrom(mark)
}

/**
 * Makes a chunk part of a rollout whose latent is known already: the commit pass, and decoding for a world memory.
 * Resolves to its pose [F,Q].
 *
 * @throws SoraError `message-invalid` for a chunk out of order or of another shape
 */
export async function commitKnown(
  model: WorldModel,
  texts: TextEncoder,
  rollout: Rollout,
  chunk: CommittedChunk,
): Promise<Float32Array> {
  checkHistory(rollout, chunk)
  rollout.mark(chunk.caption)
  const request = commitRequest(rollout, chunk.actions, chunk.caption)
  const context = await chunkContext([request], texts, model.manifest.denoiser.timePeriod)
  const [decoded, committed] = await besideEachOther(
    () => decodeChunks(model, rollout.memory ? [rollout] : [], [chunk.latent]),
    () => commitChunk(model, chunk.latent, nextNoise([request], 'commit'), context),
  )
  // The pose of a pass that lacks the chunks before would lead the memory astray.
  const pose = chunk.pose ?? committed.pose
  const told = decoded[0] ? rollout.show(decoded[0], chunk.actions, pose) : pose
  rollout.commit(chunk, committed, 1, 0)
  return told
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
