import { chunkNoise, type NoiseStream } from './noise.ts'

const STREAMS: readonly NoiseStream[] = ['initial', 'commit']

/** The noise of one rollout; that of one chunk can be drawn ahead, at a moment that costs nothing. */
export class NoiseAhead {
  readonly #rngSeed: number
  readonly #length: number
  #drawnFor = -1
  readonly #drawn = new Map<NoiseStream, Float32Array>()

  /** @param length numbers of a latent */
  constructor(rngSeed: number, length: number) {
    this.#rngSeed = rngSeed
    this.#length = length
  }

  /** Noise of chunk `index`, to be read only: drawn ahead or now, it is the same. */
  at(index: number, stream: NoiseStream): Float32Array {
    const ahead = index === this.#drawnFor ? this.#drawn.get(stream) : undefined
    return ahead ?? chunkNoise(this.#rngSeed, index, stream, this.#length)
  }

  draw(index: number): void {
    if (index === this.#drawnFor) return
    for (const stream of STREAMS) this.#drawn.set(stream, chunkNoise(this.#rngSeed, index, stream, this.#length))
    this.#drawnFor = index
  }
}
