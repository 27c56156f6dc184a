import type { SoraError } from '../protocol/index.ts'

/** What an engine needs to know of a model; plain data, so that it can be sent to a worker. */
export interface EngineModel {
  /** The decoder graph. */
  graph: Uint8Array<ArrayBuffer>
  /** Files that the graph has its weights in, by name; none where they are in the graph itself. */
  weights: Record<string, Uint8Array<ArrayBuffer>>
  /** [C,h,w] of a latent, channels of the state. */
  channels: number
  latentWidth: number
  latentHeight: number
  stateChannels: number
  framesPerChunk: number
  width: number
  height: number
  depthScale: number
  /** Range of the int8 latents on the wire. */
  clip: number
  /** Time that one chunk covers: what the engine must stay below. */
  chunkMs: number
  /** `auto`: WebGPU where it works and is fast enough, else WASM. `webgpu`: also a slow one. */
  backend: 'auto' | 'webgpu' | 'wasm'
  /** WASM threads at most; they need an isolated page (COOP and COEP headers). 0: as many as make sense. */
  threads: number
}

/** One frame as the engine writes it; the arrays belong to the receiver. */
export interface EngineFrame {
  /** [height, width, 4] */
  rgba: Uint8ClampedArray<ArrayBuffer>
  /** [height / depthScale, width / depthScale]; null when the graph gives none. */
  inverseDepth: Float32Array<ArrayBuffer> | null
}

export interface EngineResult {
  frames: EngineFrame[]
  decodeMs: number
}

/**
 * Runs the decoder graph, in this thread or in another one. One call at a time.
 *
 * Keeps the state that runs from chunk to chunk, one for each stream; `restart` sets it to zeros.
 */
export interface LatentEngine {
  readonly backend: string
  /** What a chunk took in the warm-up; undefined before, and where there is none. */
  readonly warmUpMs: number | undefined
  /** Why every call fails from now on; null while it works. */
  readonly problem: SoraError | null
  /** @throws SoraError `no-wasm` or `decoder-failed` */
  load(model: EngineModel, onProgress: (words: string) => void): Promise<void>
  /** `latent` [C,h,w] as on the wire; not kept. @throws SoraError `decoder-failed`, `packet-invalid` */
  decode(latent: Int8Array<ArrayBuffer>, restart: boolean, stream: number): Promise<EngineResult>
  /** Forgets the state of a stream. */
  close(stream: number): void
  /** Gives arrays of a frame back, to be written again. */
  recycle(frame: EngineFrame): void
  dispose(): void
}
