import { actionWidth, encodeAction, type ModelManifest } from '@sora-world/sdk/protocol'
import type { JobTiming } from '../scheduler/schedulable.ts'
import type { ChunkJob, ChunkResult, CommittedChunk } from '../worker/model-worker.ts'
import type { PlannedChunk } from '../worlds/log-keeper.ts'
import type { ActionWindow } from './action-queue.ts'
import type { ChunkFacts } from './chunk-stream.ts'
import type { WorldRun } from './world-run.ts'

/** A chunk in the making: the job, and what its packet will say about where it came from. */
export interface ChunkWork {
  run: WorldRun
  job: ChunkJob
  driver: string
  actionSeq: number
  /** When the first action that it reflects came in, or when it was begun; milliseconds of the session's clock. */
  since: number
}

interface Start {
  run: WorldRun
  actions: ActionWindow
  driver: string
  now: number
}

/** Begins the next chunk of a world. */
export function startWork(manifest: ModelManifest, { run, actions, driver, now }: Start): ChunkWork {
  const width = actionWidth(manifest.actionSpace)
  const encoded = new Float32Array(manifest.frames.perChunk * width)
  for (const [frame, action] of actions.actions.entries()) {
    encodeAction(manifest.actionSpace, action, encoded, frame * width)
  }
  const job: ChunkJob = { rolloutId: run.spec.id, index: run.nextIndex, actions: encoded, caption: run.caption }
  return { run, job, driver, actionSeq: actions.actionSeq, since: actions.since ?? now }
}

/** Begins a chunk that was made before, with what went into it then. */
export function plannedWork(run: WorldRun, { actions, caption }: PlannedChunk, now: number): ChunkWork {
  const job: ChunkJob = { rolloutId: run.spec.id, index: run.nextIndex, actions, caption }
  return { run, job, driver: '', actionSeq: 0, since: now }
}

/** What the packets say about a finished chunk. */
export function chunkFacts(
  manifest: ModelManifest,
  { run, job, driver, actionSeq, since }: ChunkWork,
  result: ChunkResult,
  { queueMs }: JobTiming,
  now: number,
): ChunkFacts {
  const { denoiseMs, commitMs, decodeMs } = result.timings
  return {
    ...worldFacts(manifest, run, job.index, result.pose),
    actionSeq,
    driver,
    ...(result.isRecovery ? { recovery: true } : {}),
    timings: { queueMs, denoiseMs, commitMs, decodeMs, serverMs: now - since },
  }
}

/** What the packets say about a chunk that was made before this room was. */
export function pastFacts(manifest: ModelManifest, run: WorldRun, { index, pose }: CommittedChunk): ChunkFacts {
  const length = manifest.frames.perChunk * (manifest.pose?.fields.length ?? 0)
  return {
    ...worldFacts(manifest, run, index, pose ?? new Float32Array(length)),
    actionSeq: 0,
    driver: '',
    timings: { queueMs: 0, denoiseMs: 0, commitMs: 0, decodeMs: 0, serverMs: 0 },
  }
}

function worldFacts(manifest: ModelManifest, run: WorldRun, seq: number, pose: Float32Array) {
  const frames = manifest.frames.perChunk
  const { size, steps } = run.spec
  const shape: ChunkFacts['shape'] = [manifest.latent.channels, size.latentHeight, size.latentWidth]
  // A pose that is not a number would make the whole packet invalid for the client.
  const steady = Array.from(pose, (value) => (Number.isFinite(value) ? value : 0))
  return { world: run.index, seq, firstFrame: seq * frames, frames, shape, pose: steady, steps }
}
