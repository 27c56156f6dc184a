import { RoomBackend } from '@sora-world/sdk'
import { type EnvOptions, WorldEnv } from '@sora-world/sdk/agent'

export interface RoomEnvOptions extends EnvOptions {
  url: string
  roomId: string | undefined
  steps: number | undefined
  onProgress?(words: string): void
  signal: AbortSignal
}

/** A room of a server as an environment. @throws SoraError as `RoomBackend.connect` */
export async function openRoomEnv(options: RoomEnvOptions): Promise<{ env: WorldEnv; roomId: string }> {
  const backend = await RoomBackend.connect(options.url, options)
  try {
    return { env: new WorldEnv(backend, options), roomId: backend.client.roomId }
  } catch (error) {
    await backend.close()
    throw error
  }
}
