import { SoraError } from '../protocol/index.ts'
import type { Chunk } from '../stream/chunk-assembler.ts'
import type { DecodedChunk, DecoderOptions, FrameDecoder, Picture } from './frame-decoder.ts'
import { drawText } from './tiny-font.ts'

export interface FakeDecoderOptions {
  /** Where to draw; 160x96 by default whatever the model's size. */
  width?: number
  height?: number
  /** Fails to load, to test the way back. */
  loadError?: Error
  /** Takes this long to load. */
  loading?: Promise<void>
  /** Takes this long for a chunk. */
  work?: () => Promise<void>
  /** Says that each chunk took this long. */
  decodeMs?: number
  /** The same of the warm-up. */
  warmUpMs?: number
  /** Which chunks it takes; latents by default. */
  kind?: FrameDecoder['kind']
}

/** Draws what a chunk says about itself: a picture that a test or a person can read, without a model. */
export class FakeDecoder implements FrameDecoder {
  readonly kind: FrameDecoder['kind']
  readonly backend = 'fake'
  readonly warmUpMs: number | undefined
  /** Chunks since the last restart; what a real decoder's state would be. */
  #sinceRestart = 0
  #disposed = false
  #options: FakeDecoderOptions
  #width = 0
  #height = 0
  /** Pictures handed out and not yet released. */
  outstanding = 0

  constructor(options: FakeDecoderOptions = {}) {
    this.#options = options
    this.kind = options.kind ?? 'latent'
    this.warmUpMs = options.warmUpMs
  }

  async load({ size, onProgress }: DecoderOptions): Promise<void> {
    onProgress?.('loading the fake decoder')
    await this.#options.loading
    if (this.#options.loadError) throw this.#options.loadError
    this.#width = this.#options.width ?? size.width
    this.#height = this.#options.height ?? size.height
  }

  async decode(chunk: Chunk): Promise<DecodedChunk> {
    await this.#options.work?.()
    if (this.#disposed) throw new SoraError('aborted', 'the decoder was disposed')
    this.#sinceRestart = chunk.restart ? 1 : this.#sinceRestart + 1
    const pictures = Array.from({ length: chunk.header.frames }, (_, index) => this.#draw(chunk, index))
    return { pictures, decodeMs: this.#options.decodeMs ?? 0 }
  }

  dispose(): void {
    this.#disposed = true
  }

  #draw({ header }: Chunk, index: number): Picture {
    const rgba = new Uint8ClampedArray(this.#width * this.#height * 4)
    const shade = (header.world * 60) % 200
    for (let i = 0; i < rgba.length; i += 4) rgba.set([shade, 40, 90, 255], i)
    const lines = [
      `W${header.world} C${header.seq} F${header.firstFrame + index}`,
      `A${header.actionSeq} ${header.driver}`,
    ]
    lines.push(`S${this.#sinceRestart}`)
    for (const [row, line] of lines.entries()) drawText(rgba, this.#width, line, 2, 2 + row * 8)
    return this.#picture(rgba)
  }

  #picture(rgba: Uint8ClampedArray<ArrayBuffer>): Picture {
    const depthWidth = Math.max(1, this.#width >> 3)
    const depthHeight = Math.max(1, this.#height >> 3)
    this.outstanding++
    let released = false
    return {
      width: this.#width,
      height: this.#height,
      rgba,
      inverseDepth: new Float32Array(depthWidth * depthHeight).fill(0.1),
      depthWidth,
      depthHeight,
      release: () => {
        if (!released) this.outstanding--
        released = true
      },
    }
  }
}
