import type { ErrorNotice, ModelManifest } from '@sora-world/sdk/protocol'
import type { ModelOptions } from '../model/open-model.ts'
import type { ChunkJob, ChunkResult, CommittedChunk, RolloutMark, RolloutSpec } from './model-worker.ts'

/** Everything that crosses between server and worker process: plain data and typed arrays (advanced serialisation). */
export type WorkerRequest =
  | { kind: 'start'; options: ModelOptions }
  | { kind: 'open'; id: number; spec: RolloutSpec; history: readonly CommittedChunk[]; mark?: RolloutMark }
  | { kind: 'generate'; id: number; jobs: readonly ChunkJob[] }
  | { kind: 'close'; rolloutId: string }
  | { kind: 'stop' }

export type WorkerReply =
  | { kind: 'ready'; manifest: ModelManifest; provider: string; variant: string }
  /** The model could not be opened; the process ends. */
  | { kind: 'failed'; error: ErrorNotice }
  | { kind: 'opened'; id: number }
  | { kind: 'generated'; id: number; results: ChunkResult[] }
  | { kind: 'rejected'; id: number; error: ErrorNotice }
  /** Sent every {@link HEARTBEAT_MS} as long as the process gets to it: between two model calls. */
  | { kind: 'heartbeat' }

export const HEARTBEAT_MS = 1000
