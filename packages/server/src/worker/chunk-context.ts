import { gatherCaches } from '../cache/gather-caches.ts'
import type { TextEncoder } from '../conditioning/text-encoder.ts'
import type { NoiseStream } from '../sampler/noise.ts'
import type { CaptionGuidance, ChunkContext } from '../sampler/sample-chunk.ts'
import type { Rollout } from './rollout.ts'

/** A rollout with what drives its next chunk. */
export interface ChunkRequest {
  rollout: Rollout
  /** [F,A] */
  actions: Float32Array
  caption: string
  /** [F*6,H/scale,W/scale] what is remembered of the place that the chunk will show; empty for a model without memory */
  memory: Float32Array
}

/** Asks the rollout's memory what the coming chunk will look at; twice, as it is made and as it is committed. */
export function chunkRequests(rollout: Rollout, actions: Float32Array, caption: string) {
  const { toMake, toCommit } = rollout.memoryImages(actions)
  const request = { rollout, actions, caption }
  return { toMake: { ...request, memory: toMake }, toCommit: { ...request, memory: toCommit } }
}

/** The same for a chunk that is there already. */
export function commitRequest(rollout: Rollout, actions: Float32Array, caption: string): ChunkRequest {
  return { rollout, actions, caption, memory: rollout.commitImage(actions) }
}

/** `context` with the memory images of other requests. */
export function withMemoryOf(context: ChunkContext, requests: readonly ChunkRequest[]): ChunkContext {
  return { ...context, memory: stack(requests.map(({ memory }) => memory)) }
}

/** Stacks the model inputs of several rollouts of one size, first axis = order of `requests`. */
export async function chunkContext(
  requests: readonly ChunkRequest[],
  texts: TextEncoder,
  timePeriod: number,
): Promise<ChunkContext> {
  const encodings = await Promise.all(requests.map((request) => texts.encode(request.caption)))
  return {
    size: requests[0]!.rollout.spec.size,
    batch: requests.length,
    previous: stack(requests.map(({ rollout }) => rollout.previous)),
    actions: stack(requests.map(({ actions }) => actions)),
    text: stack(encodings.map(({ text }) => text)),
    pooled: stack(encodings.map(({ pooled }) => pooled)),
    time: Float32Array.from(requests.map(({ rollout }) => rollout.nextIndex % timePeriod)),
    memory: stack(requests.map(({ memory }) => memory)),
    ...gatherCaches(requests.map(({ rollout }) => rollout.cache)),
  }
}

/** What pulls `batch` rollouts towards their captions; undefined at scale 1, where nothing does. */
export async function captionGuidance(
  texts: TextEncoder,
  batch: number,
  scale: number,
): Promise<CaptionGuidance | undefined> {
  if (scale === 1) return undefined
  const { text, pooled } = await texts.encode('')
  const forAll = (values: Float32Array) => stack(Array.from({ length: batch }, () => values))
  return { scale, text: forAll(text), pooled: forAll(pooled) }
}

/** Noise of the next chunk of each rollout, [B,C,h,w]. */
export function nextNoise(requests: readonly ChunkRequest[], stream: NoiseStream): Float32Array {
  return stack(requests.map(({ rollout }) => rollout.noise.at(rollout.nextIndex, stream)))
}

/** Row `row` of a stacked tensor of `batch` rows, copied; a single row is handed over as it is. */
export function rowOf<T extends Float32Array | Uint8Array>(stacked: T, batch: number, row: number): T {
  if (batch === 1) return stacked
  const length = stacked.length / batch
  return stacked.slice(row * length, (row + 1) * length) as T
}

/** Puts equally long parts behind each other; a single part is handed over as it is. */
export function stack(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!
  const length = parts[0]!.length
  const out = new Float32Array(parts.length * length)
  parts.forEach((part, row) => {
    out.set(part, row * length)
  })
  return out
}
