import { chunkDurationMs } from '@sora-world/sdk/protocol'
import type { ChunkFigures } from '../scheduler/chunk-figures.ts'
import type { WorldHost } from './world-host.ts'

export interface ServerHealth {
  status: 'ok'
  model: string
  modelVersion: string
  provider: string
  variant: string
  /** Denoise steps of rooms that do not ask for a number. */
  steps: number
  /** The model's own default: `steps` are fewer where this machine is too slow for it, or as the server was told. */
  modelSteps: number
  rooms: number
  maxRooms: number
  /** Rooms that fit into real time. */
  maxRunning: number
  chunk: ChunkFigures & { durationMs: number }
}

export function serverHealth({ settings, manifest, roomCount }: WorldHost): ServerHealth {
  const { worker, scheduler, maxRooms } = settings
  return {
    status: 'ok',
    model: manifest.name,
    modelVersion: manifest.version,
    provider: worker.provider,
    variant: worker.variant,
    steps: settings.steps,
    modelSteps: manifest.denoiser.steps.default,
    rooms: roomCount,
    maxRooms,
    maxRunning: scheduler.maxRunning,
    chunk: { durationMs: chunkDurationMs(manifest), ...scheduler.figures() },
  }
}
