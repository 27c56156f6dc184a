import type { FrameSize, ModelManifest } from '../protocol/index.ts'
import type { Chunk } from '../stream/chunk-assembler.ts'
import type { ModelFiles } from './model-files.ts'

/**
 * One decoded picture, without its place in the world.
 *
 * **Ownership.** The arrays belong to the receiver until `release()`; afterwards the decoder writes the next picture into
 * them. A picture that is never released is simply collected. Releasing twice is harmless.
 */
export interface Picture {
  width: number
  height: number
  /** [height, width, 4], top row first, sRGB, alpha 255: what `ImageData` and three's `DataTexture` take. */
  rgba: Uint8ClampedArray<ArrayBuffer>
  /** [depthHeight, depthWidth] in 1/blocks, 0 = sky; null where the downlink or the model gives no depth. */
  inverseDepth: Float32Array<ArrayBuffer> | null
  depthWidth: number
  depthHeight: number
  release(): void
}

export interface DecoderOptions {
  manifest: ModelManifest
  /** Variant that the server plays; the decoder may take another one of the same package. */
  variant: string
  size: FrameSize
  files: ModelFiles
  /** In words, for a person who waits. */
  onProgress?(words: string): void
  signal?: AbortSignal
}

/**
 * Turns chunks into pictures.
 *
 * Chunks are decoded in the order of the calls; state that runs from chunk to chunk stays inside and starts anew with
 * `chunk.restart`. A call that fails leaves the decoder usable: the next chunk should restart.
 */
export interface FrameDecoder {
  readonly kind: 'latent' | 'image'
  /** What does the work, for people: `webgpu`, `wasm, 2 threads`, `fake`. */
  readonly backend: string
  /** What a chunk took in the warm-up; undefined where there was none. */
  readonly warmUpMs?: number | undefined

  /**
   * Called once, before the first decode.
   *
   * @throws SoraError `no-wasm`, `decoder-failed`, `model-tampered`, or `signal.reason`
   */
  load(options: DecoderOptions): Promise<void>

  /** @throws SoraError `decoder-failed`, or `packet-invalid` for a chunk that does not fit the model */
  decode(chunk: Chunk): Promise<DecodedChunk>

  /** Frees everything; decodes under way are rejected with `aborted`. May be called twice. */
  dispose(): void
}

export interface DecodedChunk {
  /** One per frame, in order. */
  pictures: Picture[]
  /** Time the decoder worked, without waiting. */
  decodeMs: number
}
