import { toSoraError } from '@sora-world/sdk/protocol'
import { findModelPackage } from './model/find-package.ts'
import { createRoomServer, type RoomServer, type RoomServerOptions } from './rooms/create-server.ts'
import { checkPort } from './rooms/port.ts'
import { startWorker } from './rooms/start-worker.ts'
import type { ModelWorker } from './worker/model-worker.ts'
import { ProcessWorker } from './worker/process-worker.ts'
import { openSqliteStore } from './worlds/sqlite-store.ts'
import type { WorldStore } from './worlds/world-store.ts'

export { type CreateEnvOptions, type CreateVecEnvOptions, createEnv, createVecEnv } from './env/create-env.ts'
export { type OpenDescriber, openDescriber } from './env/describer.ts'
export type { RecordedEpisode } from './env/episode-file.ts'
export { type InProcessOptions, inProcessBackend } from './env/in-process-backend.ts'
export { type OpenPolicy, openPackagePolicy } from './env/package-policy.ts'
export { type RecordedFiles, type Recording, type RecordOptions, record } from './env/record.ts'
export type { WorldModel } from './model/denoiser.ts'
export { findModelPackage } from './model/find-package.ts'
export { type ModelOptions, openModel } from './model/open-model.ts'
export type { ServerHealth } from './rooms/server-health.ts'
export { type ActionStretch, type ActionTrack, readActionFile, trackOf } from './studio/action-file.ts'
export { generateVideo, type TimedEvent, type VideoChunk, type VideoSpec } from './studio/generate.ts'
export { InProcessWorker } from './worker/in-process-worker.ts'
export type { ChunkJob, ChunkResult, CommittedChunk, ModelWorker, RolloutSpec } from './worker/model-worker.ts'
export { checkWorld } from './worlds/check-world.ts'
export { ReplayCounter, type ReplayedChunk, type ReplayReport, replayWorld } from './worlds/replay.ts'
export { readWorld, writeWorld } from './worlds/world-file.ts'
export type { WorldLog, WorldValue } from './worlds/world-value.ts'

export { ProcessWorker }

export interface WorldServerOptions extends Omit<RoomServerOptions, 'worker' | 'store' | 'cost'> {
  /**
   * Folder or name of a model package, `fake` for a model without weights. When not given the best that ships and keeps up
   * with real time on this machine; the log says when a better one does not.
   */
  modelDir?: string
  /** `auto` (default), `cpu`, `webgpu` or `cuda` */
  provider?: string
  /** Variant of the model's graphs; `auto` by default. */
  variant?: string
  /** Folder in which the worlds that are played are kept, to be offered again after a restart; none by default. */
  worldsDir?: string
  /** Makes the chunks instead of a process of its own; stopped when the server closes. */
  worker?: ModelWorker
}

export interface WorldServer extends RoomServer {}

/**
 * Starts a server: loads the model in a process of its own and opens rooms for clients. One per process.
 *
 * @throws SoraError `port-in-use`, `model-missing`, `model-tampered`, `model-version`, `model-invalid`,
 *   `provider-unavailable`, `option-invalid`; nothing is left running then
 */
export async function createWorldServer(options: WorldServerOptions = {}): Promise<WorldServer> {
  // A taken port should not cost the time to load a model.
  await checkPort(options.port ?? 0, options.host)
  const { modelDir, provider, variant, memory, log = () => {} } = options
  const started = options.worker
    ? { worker: options.worker, modelDir: filesOf(modelDir) }
    : await startWorker({ modelDir, provider, variant, memory, onCrash: log, log })
  const { worker } = started
  const store = await openStore(options.worldsDir, log)
  try {
    return await createRoomServer({ ...options, ...started, store })
  } catch (thrown) {
    store?.close()
    await worker.stop()
    throw thrown
  }
}

/** Undefined when it cannot be opened: play goes on without, and the log says why. */
async function openStore(dir: string | undefined, log: (line: string) => void): Promise<WorldStore | undefined> {
  if (dir === undefined) return undefined
  try {
    return await openSqliteStore(dir)
  } catch (thrown) {
    const { code, message } = toSoraError(thrown)
    log(`worlds are not kept (${code}): ${message}`)
    return undefined
  }
}

/** Folder of the package that a worker of the caller runs; undefined when it has no files, or none are known. */
function filesOf(modelDir: string | undefined): string | undefined {
  return modelDir === undefined || modelDir === 'fake' ? undefined : findModelPackage(modelDir)
}
