import type { Picture } from '../decode/frame-decoder.ts'

type DepthPicture = Pick<Picture, 'width' | 'height' | 'rgba' | 'inverseDepth' | 'depthWidth' | 'depthHeight'>

/**
 * What lies between two samples of different surfaces, one in front of the other: `colour`, each pixel belongs to the one whose
 * colour is more like its own; `far`, all belong to the one behind, so that nothing juts out farther than it was seen.
 */
export type DepthEdges = 'colour' | 'far'

/** Slopes that differ by no more than this share of the depth are those of one plane. */
const FLAT = 0.01

/**
 * Inverse depth for every pixel, or for every `stride`-th in both directions.
 *
 * Inverse depth is linear on a plane, so between samples of one plane it is interpolated. Where the slopes on both sides say
 * that two planes meet, each is continued to the line where they do; where one surface ends in front of another, `edges` says
 * to where. (To interpolate from the smoother side only is the idea of ENO schemes, Harten et al. 1987.) What linear
 * interpolation puts between a block and the ground behind it is nowhere in the world.
 *
 * @param into [floor(height / stride), floor(width / stride)] in 1/blocks, written; begins with pixel floor(stride / 2)
 * @returns false when the picture has no depth; `into` is untouched then
 */
export function upsampleDepth(
  picture: DepthPicture,
  into: Float32Array,
  stride = 1,
  edges: DepthEdges = 'colour',
): boolean {
  const { inverseDepth, depthWidth, depthHeight, rgba } = picture
  const [width, height] = [Math.floor(picture.width / stride), Math.floor(picture.height / stride)]
  if (!inverseDepth || into.length !== width * height) return false
  const columns = between(picture.width, depthWidth, stride)
  const rows = between(picture.height, depthHeight, stride)
  const likeness = edges === 'far' ? undefined : rgba
  const wide = widened(picture, columns, likeness)
  for (let y = 0; y < height; y++) {
    const { low, high, share, pixel } = placeAt(rows, y)
    const above = low * width
    const below = high * width
    const before = Math.max(0, low - 1) * width
    const after = Math.min(depthHeight - 1, high + 1) * width
    const line = pixel * picture.width
    const lineAbove = placeOf(low, picture.height, depthHeight) * picture.width
    const lineBelow = placeOf(high, picture.height, depthHeight) * picture.width
    for (let x = 0; x < width; x++) {
      const a = wide[above + x]!
      const b = wide[below + x]!
      const gap = b - a
      const isFirst = low === 0
      const isLast = high === depthHeight - 1
      // At a border what is beyond is taken to be as on the other side.
      const right = isLast ? (isFirst ? gap : a - wide[before + x]!) : wide[after + x]! - b
      const left = isFirst ? right : a - wide[before + x]!
      if (isPlane(a, b, left, right)) {
        into[y * width + x] = a + gap * share
        continue
      }
      const column = columns.pixel[x]!
      const isA = () => isLiker(likeness, line + column, lineAbove + column, lineBelow + column, share) ?? a < b
      into[y * width + x] = Math.max(0, meeting(a, b, left, right, share, isA))
    }
  }
  return true
}

/** Inverse depth [depthHeight, width / stride] of the samples' rows, upsampled to the side. */
function widened(picture: DepthPicture, columns: Places, likeness: Uint8ClampedArray | undefined): Float32Array {
  const { depthWidth, depthHeight } = picture
  const inverseDepth = picture.inverseDepth!
  const width = columns.low.length
  const out = new Float32Array(depthHeight * width)
  for (let row = 0; row < depthHeight; row++) {
    const first = row * depthWidth
    const line = placeOf(row, picture.height, depthHeight) * picture.width
    for (let x = 0; x < width; x++) {
      const { low, high, share, pixel } = placeAt(columns, x)
      const a = inverseDepth[first + low]!
      const b = inverseDepth[first + high]!
      const gap = b - a
      const isFirst = low === 0
      const isLast = high === depthWidth - 1
      const right = isLast ? (isFirst ? gap : a - inverseDepth[first + low - 1]!) : inverseDepth[first + high + 1]! - b
      const left = isFirst ? right : a - inverseDepth[first + low - 1]!
      if (isPlane(a, b, left, right)) {
        out[row * width + x] = a + gap * share
        continue
      }
      const atA = line + placeOf(low, picture.width, depthWidth)
      const atB = line + placeOf(high, picture.width, depthWidth)
      const isA = () => isLiker(likeness, line + pixel, atA, atB, share) ?? a < b
      out[row * width + x] = meeting(a, b, left, right, share, isA)
    }
  }
  return out
}

/** Whether `a` and `b` lie on one plane: the slope between them is that before `a` or that behind `b`. */
function isPlane(a: number, b: number, left: number, right: number): boolean {
  const gap = b - a
  const limit = FLAT * (a > b ? a : b)
  return Math.abs(left - gap) <= limit || Math.abs(right - gap) <= limit
}

/** Between samples `a` and `b` that do not lie on one plane, at `share` of the way. */
function meeting(a: number, b: number, left: number, right: number, share: number, isA: () => boolean): number {
  const gap = b - a
  const fromA = a + left * share
  const fromB = b - right * (1 - share)
  // Two planes meet in between: a corner looked into, or an edge looked at.
  if (left <= gap && gap <= right) return Math.max(fromA, fromB)
  if (left >= gap && gap >= right) return Math.min(fromA, fromB)
  return isA() ? a + lesser(left, gap) * share : b - lesser(right, gap) * (1 - share)
}

/** The smaller of two slopes, none where they disagree in sign. */
function lesser(one: number, other: number): number {
  if (one * other <= 0) return 0
  return Math.abs(one) < Math.abs(other) ? one : other
}

/** Whether pixel `at` is more like pixel `one` than like `other`; undefined without colours. */
function isLiker(
  rgba: Uint8ClampedArray | undefined,
  at: number,
  one: number,
  other: number,
  share: number,
): boolean | undefined {
  if (!rgba) return undefined
  let toOne = 0
  let toOther = 0
  for (let k = 0; k < 3; k++) {
    const value = rgba[at * 4 + k]!
    toOne += Math.abs(value - rgba[one * 4 + k]!)
    toOther += Math.abs(value - rgba[other * 4 + k]!)
  }
  return toOne === toOther ? share < 0.5 : toOne < toOther
}

/** The pixel in the middle of what a sample stands for. */
function placeOf(sample: number, pixels: number, samples: number): number {
  return Math.min(pixels - 1, Math.floor(((sample + 0.5) * pixels) / samples))
}

/** For every `stride`-th pixel of a line the two samples that it lies between, and where. */
interface Places {
  low: Int32Array
  high: Int32Array
  share: Float32Array
  pixel: Int32Array
}

function placeAt({ low, high, share, pixel }: Places, i: number) {
  return { low: low[i]!, high: high[i]!, share: share[i]!, pixel: pixel[i]! }
}

/** For every `stride`-th of `to` pixels the two of `from` samples that it lies between, by their centres. */
function between(to: number, from: number, stride: number): Places {
  const pixel = Int32Array.from({ length: Math.floor(to / stride) }, (_, i) => i * stride + (stride >> 1))
  const places = Float32Array.from(pixel, (at) => Math.min(from - 1, Math.max(0, ((at + 0.5) * from) / to - 0.5)))
  const low = Int32Array.from(places, Math.floor)
  return {
    low,
    high: Int32Array.from(low, (value) => Math.min(value + 1, from - 1)),
    share: places.map((place, i) => place - low[i]!),
    pixel,
  }
}
