import type { Picture } from '../decode/frame-decoder.ts'

type DepthPicture = Pick<Picture, 'width' | 'height' | 'rgba' | 'inverseDepth' | 'depthWidth' | 'depthHeight'>

/** Difference of colour (sum over three channels of 0..255) at which a sample counts 1 / e. */
const COLOUR_FALL = 48
/** No sample ever counts nothing: where all colours differ, plain linear weights remain. */
const LEAST = 1e-3
const COLOUR_WEIGHTS = Float32Array.from({ length: 766 }, (_, i) => Math.exp(-i / COLOUR_FALL) + LEAST)

/**
 * Inverse depth for every pixel: of the four samples around, those count most that are near and whose colour is the
 * pixel's (joint bilateral upsampling, Kopf et al. 2007), so that edges of depth follow edges of the picture.
 *
 * @param into [height, width] in 1/blocks, written
 * @returns false when the picture has no depth; `into` is untouched then
 */
export function upsampleDepth(picture: DepthPicture, into: Float32Array): boolean {
  const { width, height, rgba, inverseDepth, depthWidth, depthHeight } = picture
  if (!inverseDepth || into.length !== width * height) return false
  const columns = between(width, depthWidth)
  const rows = between(height, depthHeight)
  const guide = guideColours(picture)
  for (let y = 0; y < height; y++) {
    const above = rows.low[y]! * depthWidth
    const below = rows.high[y]! * depthWidth
    const down = rows.share[y]!
    for (let x = 0; x < width; x++) {
      const pixel = (y * width + x) * 4
      const [r, g, b] = [rgba[pixel]!, rgba[pixel + 1]!, rgba[pixel + 2]!]
      const left = columns.low[x]!
      const right = columns.high[x]!
      const aside = columns.share[x]!
      const a = (1 - down) * (1 - aside) * likeness(guide, above + left, r, g, b)
      const c = (1 - down) * aside * likeness(guide, above + right, r, g, b)
      const d = down * (1 - aside) * likeness(guide, below + left, r, g, b)
      const e = down * aside * likeness(guide, below + right, r, g, b)
      const sum =
        a * inverseDepth[above + left]! +
        c * inverseDepth[above + right]! +
        d * inverseDepth[below + left]! +
        e * inverseDepth[below + right]!
      into[y * width + x] = sum / (a + c + d + e)
    }
  }
  return true
}

function likeness(guide: Float32Array, sample: number, r: number, g: number, b: number): number {
  const at = sample * 3
  const away = Math.abs(guide[at]! - r) + Math.abs(guide[at + 1]! - g) + Math.abs(guide[at + 2]! - b)
  return COLOUR_WEIGHTS[away | 0]!
}

/** Mean colour [depthHeight, depthWidth, 3] of the pixels that each sample stands for. */
function guideColours({ width, height, rgba, depthWidth, depthHeight }: DepthPicture): Float32Array {
  const sums = new Float32Array(depthWidth * depthHeight * 3)
  const counts = new Uint32Array(depthWidth * depthHeight)
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * depthHeight) / height) * depthWidth
    for (let x = 0; x < width; x++) {
      const sample = row + Math.floor((x * depthWidth) / width)
      const pixel = (y * width + x) * 4
      for (let k = 0; k < 3; k++) sums[sample * 3 + k]! += rgba[pixel + k]!
      counts[sample]!++
    }
  }
  for (let i = 0; i < sums.length; i++) sums[i]! /= counts[Math.floor(i / 3)]!
  return sums
}

/** For each of `to` pixels the two of `from` samples that it lies between, by their centres. */
function between(to: number, from: number) {
  const places = Float32Array.from({ length: to }, (_, i) =>
    Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5)),
  )
  const low = Int32Array.from(places, Math.floor)
  return {
    low,
    high: Int32Array.from(low, (value) => Math.min(value + 1, from - 1)),
    share: places.map((place, i) => place - low[i]!),
  }
}
