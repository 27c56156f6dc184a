import { findModelPackage } from './model/find-package.ts'
import { createRoomServer, type RoomServer, type RoomServerOptions } from './rooms/create-server.ts'
import { checkPort } from './rooms/port.ts'
import type { ModelWorker } from './worker/model-worker.ts'
import { ProcessWorker } from './worker/process-worker.ts'

export { type CreateEnvOptions, type CreateVecEnvOptions, createEnv, createVecEnv } from './env/create-env.ts'
export type { RecordedEpisode } from './env/episode-file.ts'
export { type InProcessOptions, inProcessBackend } from './env/in-process-backend.ts'
export { type RecordedFiles, type Recording, type RecordOptions, record } from './env/record.ts'
export type { WorldModel } from './model/denoiser.ts'
export { findModelPackage } from './model/find-package.ts'
export { type ModelOptions, openModel } from './model/open-model.ts'
export type { ServerHealth } from './rooms/server-health.ts'
export { type ActionStretch, type ActionTrack, readActionFile, trackOf } from './studio/action-file.ts'
export { generateVideo, type TimedEvent, type VideoChunk, type VideoSpec } from './studio/generate.ts'
export { InProcessWorker } from './worker/in-process-worker.ts'
export type { ChunkJob, ChunkResult, CommittedChunk, ModelWorker, RolloutSpec } from './worker/model-worker.ts'

export { ProcessWorker }

export interface WorldServerOptions extends Omit<RoomServerOptions, 'worker'> {
  /** Folder or name of a model package, `fake` for a model without weights; the best that ships when not given. */
  modelDir?: string
  /** `auto` (default), `cpu`, `webgpu` or `cuda` */
  provider?: string
  /** Variant of the model's graphs; `auto` by default. */
  variant?: string
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
  const modelDir = modelFolder(options)
  const { provider, variant, log = () => {} } = options
  const worker =
    options.worker ?? (await ProcessWorker.start({ model: modelDir ?? 'fake', provider, variant, onCrash: log }))
  try {
    return await createRoomServer({ ...options, worker, modelDir })
  } catch (thrown) {
    await worker.stop()
    throw thrown
  }
}

/** Undefined for models without files. */
function modelFolder({ modelDir, worker }: WorldServerOptions): string | undefined {
  if (modelDir === 'fake' || (worker && modelDir === undefined)) return undefined
  return findModelPackage(modelDir)
}
