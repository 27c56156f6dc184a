import type { ErrorNotice } from '../protocol/index.ts'
import type { EngineFrame, EngineModel, EngineResult, LatentEngine } from './latent-engine.ts'

/** From the page to the decoder worker. Buffers are transferred, not copied. */
export type WorkerRequest =
  | { kind: 'load'; id: number; model: EngineModel }
  | { kind: 'decode'; id: number; latent: Int8Array<ArrayBuffer>; restart: boolean; stream: number }
  | { kind: 'close'; stream: number }
  | { kind: 'recycle'; frame: EngineFrame }

/** What is known of an engine once it has loaded. */
export type LoadedEngine = Pick<LatentEngine, 'backend' | 'warmUpMs'>

/** From the worker to the page. `id` is the request's. */
export type WorkerResponse =
  | { kind: 'progress'; words: string }
  | { kind: 'loaded'; id: number; engine: LoadedEngine }
  | { kind: 'decoded'; id: number; result: EngineResult }
  | { kind: 'failed'; id: number; error: ErrorNotice }

export function buffersOf(frames: readonly EngineFrame[]): ArrayBuffer[] {
  return frames.flatMap(({ rgba, inverseDepth }) => [rgba.buffer, ...(inverseDepth ? [inverseDepth.buffer] : [])])
}
