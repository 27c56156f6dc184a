import type { EngineFrame } from './latent-engine.ts'

/** Frames kept for reuse: some chunks' worth; more would only hold memory. */
const KEPT = 16

/** Arrays of frames that nobody uses any more, all of one size. */
export class FramePool {
  readonly #pixels: number
  readonly #depths: number
  #free: EngineFrame[] = []

  /** `depths` 0: no depth. */
  constructor(pixels: number, depths: number) {
    this.#pixels = pixels
    this.#depths = depths
  }

  /** A frame whose content is undefined, but for alpha, which is 255 everywhere. */
  take(): EngineFrame {
    return (
      this.#free.pop() ?? {
        rgba: new Uint8ClampedArray(this.#pixels * 4).fill(255),
        inverseDepth: this.#depths > 0 ? new Float32Array(this.#depths) : null,
      }
    )
  }

  give(frame: EngineFrame): void {
    const fits = frame.rgba.length === this.#pixels * 4 && (frame.inverseDepth?.length ?? 0) === this.#depths
    if (fits && this.#free.length < KEPT) this.#free.push(frame)
  }
}

/** `rgb` [n,3] into `rgba` [n,4]; alpha is left as it is. */
export function rgbToRgba(rgb: Uint8Array, rgba: Uint8ClampedArray): void {
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    rgba[to] = rgb[from]!
    rgba[to + 1] = rgb[from + 1]!
    rgba[to + 2] = rgb[from + 2]!
  }
}
