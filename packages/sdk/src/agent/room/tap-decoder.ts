import type { DecodedChunk, DecoderOptions, FrameDecoder, Picture } from '../../decode/frame-decoder.ts'
import type { Chunk } from '../../stream/chunk-assembler.ts'

/**
 * A decoder that also tells of what it decodes: whole chunks, at once, where a client shows single frames at their time.
 * The pictures stay the client's: a listener copies what it keeps.
 */
export class TapDecoder implements FrameDecoder {
  readonly #inner: FrameDecoder
  readonly #onChunk: (chunk: Chunk, pictures: readonly Picture[]) => void

  constructor(inner: FrameDecoder, onChunk: (chunk: Chunk, pictures: readonly Picture[]) => void) {
    this.#inner = inner
    this.#onChunk = onChunk
  }

  get kind(): FrameDecoder['kind'] {
    return this.#inner.kind
  }

  get backend(): string {
    return this.#inner.backend
  }

  load(options: DecoderOptions): Promise<void> {
    return this.#inner.load(options)
  }

  async decode(chunk: Chunk): Promise<DecodedChunk> {
    const decoded = await this.#inner.decode(chunk)
    this.#onChunk(chunk, decoded.pictures)
    return decoded
  }

  dispose(): void {
    this.#inner.dispose()
  }
}
