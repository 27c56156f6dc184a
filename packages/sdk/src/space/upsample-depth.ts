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
  const { inverseDepth, depthWidth, depthHeight } = picture
  const [width, height] = [Math.floor(picture.width / stride), Math.floor(picture.height / stride)]
  if (!inverseDepth || into.length !== width * height) return false
  const columns = placesOf(picture.width, depthWidth, stride)
  const rows = placesOf(picture.height, depthHeight, stride)
  const rgba = edges === 'far' ? undefined : picture.rgba
  // First the rows of samples to the side, then each column of pixels down.
  const wide = new Float32Array(depthHeight * width)
  for (let row = 0; row < depthHeight; row++) {
    const pixels = { rgba, first: rows.centre[row]! * picture.width, step: 1 }
    const samples = { values: inverseDepth, first: row * depthWidth, step: 1 }
    upsampleLine(samples, columns, pixels, { values: wide, first: row * width, step: 1 })
  }
  for (let x = 0; x < width; x++) {
    const pixels = { rgba, first: columns.pixel[x]!, step: picture.width }
    upsampleLine({ values: wide, first: x, step: width }, rows, pixels, { values: into, first: x, step: width })
  }
  return true
}

/** Numbers that lie `step` apart in an array. */
interface Line {
  values: Float32Array
  first: number
  step: number
}

/** The picture's pixels along a line, by their numbers; without `rgba` colours say nothing. */
interface PixelLine {
  rgba: Uint8ClampedArray | undefined
  first: number
  step: number
}

/** Upsamples a line of samples to all `places` along it. */
function upsampleLine(samples: Line, places: Places, pixels: PixelLine, into: Line): void {
  const { values, first, step } = samples
  const { low, high, share, pixel, centre } = places
  const last = centre.length - 1
  for (let i = 0; i < pixel.length; i++) {
    const [before, after, along] = [low[i]!, high[i]!, share[i]!]
    const at = first + before * step
    const a = values[at]!
    const b = values[first + after * step]!
    const gap = b - a
    // At a border what is beyond is taken to be as on the other side.
    const right = after < last ? values[first + (after + 1) * step]! - b : before > 0 ? a - values[at - step]! : gap
    const left = before > 0 ? a - values[at - step]! : right
    let value = a + gap * along
    if (!isPlane(a, b, left, right)) {
      value =
        meeting(a, b, left, right, along) ?? apart(a, b, left, right, along, isOfFirst(pixels, places, i) ?? a < b)
      if (!(value > 0)) value = 0
    }
    into.values[into.first + i * into.step] = value
  }
}

/** Whether `a` and `b` lie on one plane: the slope between them is that before `a` or that behind `b`. */
function isPlane(a: number, b: number, left: number, right: number): boolean {
  const gap = b - a
  const limit = FLAT * (a > b ? a : b)
  return Math.abs(left - gap) <= limit || Math.abs(right - gap) <= limit
}

/** At `along` from sample `a` to sample `b` (0..1), when two planes meet between them; undefined when none do. */
function meeting(a: number, b: number, left: number, right: number, along: number): number | undefined {
  const gap = b - a
  const fromA = a + left * along
  const fromB = b - right * (1 - along)
  // A corner looked into, or an edge looked at.
  if (left <= gap && gap <= right) return Math.max(fromA, fromB)
  if (left >= gap && gap >= right) return Math.min(fromA, fromB)
  return undefined
}

/** The same when one surface ends in front of another, and this place belongs to that of `a` or to that of `b`. */
function apart(a: number, b: number, left: number, right: number, along: number, isA: boolean): number {
  const gap = b - a
  return isA ? a + lesser(left, gap) * along : b - lesser(right, gap) * (1 - along)
}

/** The smaller of two slopes, none where they disagree in sign. */
function lesser(one: number, other: number): number {
  if (one * other <= 0) return 0
  return Math.abs(one) < Math.abs(other) ? one : other
}

/** Whether place `i` is more like the sample before it than like the one behind; undefined without colours. */
function isOfFirst({ rgba, first, step }: PixelLine, places: Places, i: number): boolean | undefined {
  if (!rgba) return undefined
  const at = (first + places.pixel[i]! * step) * 4
  const one = (first + places.centre[places.low[i]!]! * step) * 4
  const other = (first + places.centre[places.high[i]!]! * step) * 4
  let toOne = 0
  let toOther = 0
  for (let k = 0; k < 3; k++) {
    toOne += Math.abs(rgba[at + k]! - rgba[one + k]!)
    toOther += Math.abs(rgba[at + k]! - rgba[other + k]!)
  }
  return toOne === toOther ? places.share[i]! < 0.5 : toOne < toOther
}

/** For every `stride`-th pixel of a line the two samples that it lies between, and where; and the samples' own pixels. */
interface Places {
  low: Int32Array
  high: Int32Array
  share: Float32Array
  pixel: Int32Array
  /** By sample: the pixel in the middle of what it stands for. */
  centre: Int32Array
}

function placesOf(pixels: number, samples: number, stride: number): Places {
  const pixel = Int32Array.from({ length: Math.floor(pixels / stride) }, (_, i) => i * stride + (stride >> 1))
  const places = Float32Array.from(pixel, (at) =>
    Math.min(samples - 1, Math.max(0, ((at + 0.5) * samples) / pixels - 0.5)),
  )
  const low = Int32Array.from(places, Math.floor)
  return {
    low,
    high: Int32Array.from(low, (value) => Math.min(value + 1, samples - 1)),
    share: places.map((place, i) => place - low[i]!),
    pixel,
    centre: Int32Array.from({ length: samples }, (_, sample) => Math.floor(((sample + 0.5) * pixels) / samples)),
  }
}
