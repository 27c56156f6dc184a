import type { MemorySettings } from './memory-settings.ts'

/** A decoded frame at the size of the memory image. */
export interface ShownFrame {
  /** [h,w,3], sums over `scale` x `scale` pixels: 0 .. 255 * scale² */
  colour: Uint16Array
  /** [h,w] z-depth in blocks, at most {@link FARTHEST} */
  depth: Float32Array
}

/** Blocks; the sky is put there. */
export const FARTHEST = 64

/** @param frame uint8 [H,W,3]; `inverseDepth` [H/depthScale,W/depthScale] in 1/blocks, as decoded */
export function shownFrame(frame: Uint8Array, inverseDepth: Float32Array, settings: MemorySettings): ShownFrame {
  return { colour: shrink(frame, settings), depth: depthAt(inverseDepth, settings) }
}

function shrink(frame: Uint8Array, { height, width, scale }: MemorySettings): Uint16Array {
  const out = new Uint16Array(height * width * 3)
  let from = 0
  for (let y = 0; y < height * scale; y++) {
    let to = Math.floor(y / scale) * width * 3
    for (let x = 0; x < width; x++, to += 3) {
      for (let k = 0; k < scale; k++, from += 3) {
        out[to]! += frame[from]!
        out[to + 1]! += frame[from + 1]!
        out[to + 2]! += frame[from + 2]!
      }
    }
  }
  return out
}

/** Linear between the samples, which is exact on flat surfaces. What is no number counts as sky. */
function depthAt(inverse: Float32Array, { height, width, depthHeight, depthWidth }: MemorySettings): Float32Array {
  const out = new Float32Array(height * width)
  const columns = Array.from({ length: width }, (_, x) => between(x, width, depthWidth))
  for (let y = 0; y < height; y++) {
    const down = between(y, height, depthHeight)
    const above = down.low * depthWidth
    const below = down.high * depthWidth
    for (let x = 0; x < width; x++) {
      const { low, high, share } = columns[x]!
      const upper = mix(inverse[above + low]!, inverse[above + high]!, share)
      const lower = mix(inverse[below + low]!, inverse[below + high]!, share)
      const fine = mix(upper, lower, down.share)
      out[y * width + x] = fine > 1 / FARTHEST ? 1 / fine : FARTHEST
    }
  }
  return out
}

/** The two of `from` samples that pixel `index` of `to` lies between, by their centres. */
function between(index: number, to: number, from: number): { low: number; high: number; share: number } {
  const place = Math.max(0, ((index + 0.5) * from) / to - 0.5)
  const low = Math.floor(place)
  return { low, high: Math.min(low + 1, from - 1), share: place - low }
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share
}
