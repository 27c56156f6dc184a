import { type EnvOptions, VecEnv, type VecEnvOptions, WorldEnv } from '@sora-world/sdk/agent'
import type { EnvBackend } from '@sora-world/sdk/protocol'
import { type InProcessOptions, inProcessBackend } from './in-process-backend.ts'

export type CreateEnvOptions = Omit<InProcessOptions, 'worlds'> & EnvOptions
export type CreateVecEnvOptions = InProcessOptions & VecEnvOptions

/**
 * A world for a program, in this process: no server needed, as fast as the machine can.
 *
 * @throws SoraError `option-invalid`, `prompt-*`, `model-*`, `provider-unavailable`
 */
export async function createEnv(options: CreateEnvOptions = {}): Promise<WorldEnv> {
  const backend = await inProcessBackend({ ...options, worlds: 1 })
  return closedOnError(backend, () => new WorldEnv(backend, options))
}

/** Several worlds in one batch. @throws SoraError as {@link createEnv} */
export async function createVecEnv(options: CreateVecEnvOptions = {}): Promise<VecEnv> {
  const backend = await inProcessBackend(options)
  return closedOnError(backend, () => new VecEnv(backend, options))
}

async function closedOnError<T>(backend: EnvBackend, create: () => T): Promise<T> {
  try {
    return create()
  } catch (error) {
    await backend.close()
    throw error
  }
}
