import type { SoraError } from '@sora-world/sdk/protocol'
import type { ChunkJob, ChunkResult, CommittedChunk, RolloutMark, RolloutSpec } from '../worker/model-worker.ts'

export interface OpenRequest {
  spec: RolloutSpec
  history: readonly CommittedChunk[]
  /** What the worker knew before the first chunk of the history. */
  mark?: RolloutMark
}

export interface JobTiming {
  /** Between the moment the chunk could have been started and the worker's call. */
  queueMs: number
}

/** One rollout as the scheduler sees it. Calls come one at a time and never overlap for one rollout. */
export interface Schedulable {
  /** Rollouts with the same key may share a batch. */
  readonly batchKey: string
  /** Wants chunks now; false while paused, unwatched, failed. */
  isActive(): boolean
  /** Makes chunks again that were made before: alone, and as fast as the others let it. */
  isCatchingUp?(): boolean
  /** What the worker must open before the next job; null when it has it. */
  openRequest(): OpenRequest | null
  opened(spec: RolloutSpec): void
  nextJob(): ChunkJob
  deliver(result: ChunkResult, timing: JobTiming): void
  /** The worker lost the rollout: {@link openRequest} has to hand it over again, with its history. */
  lost(): void
  /** Nothing helped: the rollout ends with this error. */
  fail(error: SoraError): void
  /** 0 = admitted, 1 = next to be admitted, ... */
  setQueuePosition(position: number): void
}
