import type { Picture } from '../decode/frame-decoder.ts'

type DepthPicture = Pick<Picture, 'width' | 'height' | 'rgba' | 'inverseDepth' | 'depthWidth' | 'depthHeight'>

/** Difference of colour (sum over three channels of 0..255) at which a sample counts 1 / e. */
const COLOUR_FALL = 48
/** No sample ever counts nothing: where all colours differ, plain linear weights remain. */
const LEAST = 1e-3
const COLOUR_WEIGHTS = Float32Array.from({ length: 766 }, (_, i) => Math.exp(-i / COLOUR_FALL) + LEAST)
/** Where the four samples differ by no more than this share, colours decide nothing. */
const FLAT = 0.01

/**
 * Inverse depth for every pixel, or for every `stride`-th in both directions: of the four samples around, those count most that
 * are near and whose colour is the pixel's (joint bilateral upsampling, Kopf et al. 2007), so that edges of depth follow edges
 * of the picture.
 *
 * @param into [floor(height / stride), floor(width / stride)] in 1/blocks, written; begins with pixel floor(stride / 2)
 * @returns false when the picture has no depth; `into` is untouched then
 */
export function upsampleDepth(picture: DepthPicture, into: Float32Array, stride = 1): boolean {
  const { inverseDepth, depthWidth, depthHeight } = picture
  const [width, height] = [Math.floor(picture.width / stride), Math.floor(picture.height / stride)]
  if (!inverseDepth || into.length !== width * height) return false
  const columns = between(picture.width, depthWidth, stride)
  const rows = between(picture.height, depthHeight, stride)
  // Of many pixels, every other one tells the mean.
  const guide = guideColours(picture, Math.max(stride, picture.width >= 4 * depthWidth ? 2 : 1))
  for (let y = 0; y < height; y++) {
    const [above, below] = [rows.low[y]! * depthWidth, rows.high[y]! * depthWidth]
    const firstPixel = (y * stride + (stride >> 1)) * picture.width + (stride >> 1)
    for (let x = 0; x < width; ) {
      // What is around a pixel changes only from one sample to the next.
      const [left, right] = [columns.low[x]!, columns.high[x]!]
      let end = x + 1
      while (end < width && columns.low[end] === left) end++
      const span = { x, end, a: above + left, b: above + right, c: below + left, d: below + right }
      fillSpan(span, rows.share[y]!, columns.share, { picture, guide, into, firstPixel, stride, at: y * width })
      x = end
    }
  }
  return true
}

/** Pixels of a row between the same four samples: above left, above right, below left, below right. */
interface Span {
  x: number
  end: number
  a: number
  b: number
  c: number
  d: number
}

interface Row {
  picture: DepthPicture
  guide: Float32Array
  into: Float32Array
  firstPixel: number
  stride: number
  at: number
}

function fillSpan({ x: start, end, a, b, c, d }: Span, down: number, shares: Float32Array, row: Row): void {
  const { picture, guide, into, firstPixel, stride, at } = row
  const { rgba } = picture
  const inverseDepth = picture.inverseDepth!
  const [depthA, depthB, depthC, depthD] = [inverseDepth[a]!, inverseDepth[b]!, inverseDepth[c]!, inverseDepth[d]!]
  const most = Math.max(depthA, depthB, depthC, depthD)
  const isFlat = most - Math.min(depthA, depthB, depthC, depthD) <= FLAT * most
  for (let x = start; x < end; x++) {
    const aside = shares[x]!
    let weightA = (1 - down) * (1 - aside)
    let weightB = (1 - down) * aside
    let weightC = down * (1 - aside)
    let weightD = down * aside
    if (!isFlat) {
      const pixel = (firstPixel + x * stride) * 4
      const [red, green, blue] = [rgba[pixel]!, rgba[pixel + 1]!, rgba[pixel + 2]!]
      weightA *= likeness(guide, a, red, green, blue)
      weightB *= likeness(guide, b, red, green, blue)
      weightC *= likeness(guide, c, red, green, blue)
      weightD *= likeness(guide, d, red, green, blue)
    }
    const sum = weightA * depthA + weightB * depthB + weightC * depthC + weightD * depthD
    into[at + x] = sum / (weightA + weightB + weightC + weightD)
  }
}

function likeness(guide: Float32Array, sample: number, red: number, green: number, blue: number): number {
  const at = sample * 3
  const away = Math.abs(guide[at]! - red) + Math.abs(guide[at + 1]! - green) + Math.abs(guide[at + 2]! - blue)
  return COLOUR_WEIGHTS[away | 0]!
}

/** Mean colour [depthHeight, depthWidth, 3] of the pixels, every `stride`-th, that each sample stands for. */
function guideColours({ width, height, rgba, depthWidth, depthHeight }: DepthPicture, stride: number): Float32Array {
  const sums = new Float32Array(depthWidth * depthHeight * 3)
  const counts = new Uint32Array(depthWidth * depthHeight)
  const columns = Int32Array.from({ length: width }, (_, x) => Math.floor((x * depthWidth) / width))
  for (let y = stride >> 1; y < height; y += stride) {
    const row = Math.floor((y * depthHeight) / height) * depthWidth
    for (let x = stride >> 1; x < width; x += stride) {
      const sample = row + columns[x]!
      const pixel = (y * width + x) * 4
      sums[sample * 3]! += rgba[pixel]!
      sums[sample * 3 + 1]! += rgba[pixel + 1]!
      sums[sample * 3 + 2]! += rgba[pixel + 2]!
      counts[sample]!++
    }
  }
  for (let i = 0; i < sums.length; i++) sums[i]! /= Math.max(1, counts[Math.floor(i / 3)]!)
  return sums
}

/** For every `stride`-th of `to` pixels the two of `from` samples that it lies between, by their centres. */
function between(to: number, from: number, stride: number) {
  const places = Float32Array.from({ length: Math.floor(to / stride) }, (_, i) =>
    Math.min(from - 1, Math.max(0, ((i * stride + (stride >> 1) + 0.5) * from) / to - 0.5)),
  )
  const low = Int32Array.from(places, Math.floor)
  return {
    low,
    high: Int32Array.from(low, (value) => Math.min(value + 1, from - 1)),
    share: places.map((place, i) => place - low[i]!),
  }
}
