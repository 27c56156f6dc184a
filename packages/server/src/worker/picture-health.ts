/** Signs of a picture that has broken down, whatever it should show. */
export interface PictureHealth {
  /** Mean squared difference of neighbouring pixels: none in a smear, much in noise. */
  detail: number
  /** Mean of each colour, 0 to 255. */
  colour: [number, number, number]
}

interface PictureSize {
  width: number
  height: number
}

/** Of so many lines one is enough to tell a picture's means. */
const LINES = 4
/** Pixels on a side of the cells of {@link cellContrast}: a token of the models that ship. */
const CELL = 16

/** Of one picture uint8 [H,W,3]. */
export function pictureHealth(frame: Uint8Array, { width }: PictureSize): PictureHealth {
  const row = width * 3
  return { detail: meanDifference(frame, row), colour: meanColour(frame, row) }
}

function meanColour(frame: Uint8Array, row: number): [number, number, number] {
  let red = 0
  let green = 0
  let blue = 0
  let pixels = 0
  for (let start = 0; start < frame.length; start += LINES * row) {
    for (let i = start; i < start + row; i += 3) {
      red += frame[i]!
      green += frame[i + 1]!
      blue += frame[i + 2]!
    }
    pixels += row / 3
  }
  return [red / pixels, green / pixels, blue / pixels]
}

/** Mean squared difference of pixels beside and above each other, of a picture with so many bytes in a row. */
function meanDifference(frame: Uint8Array, row: number): number {
  let sum = 0
  let pairs = 0
  for (let start = row; start < frame.length; start += LINES * row) {
    // A line's own sum is a small whole number, which is faster to add to.
    let line = 0
    for (let i = start; i < start + row - 3; i++) {
      const across = frame[i + 3]! - frame[i]!
      const down = frame[i]! - frame[i - row]!
      line += across * across + down * down
    }
    sum += line
    pairs += 2 * (row - 3)
  }
  return sum / pairs
}

/**
 * How much the parts of a picture uint8 [H,W,3] differ in colour, 0 to 765: of its cells of 16 pixels the median distance
 * from the median colour, summed over the three channels. The median does not see the player's hand.
 */
export function cellContrast(frame: Uint8Array, size: PictureSize): number {
  const cells = cellMeans(frame, size)
  const centre = [0, 1, 2].map((k) => median(cells.map((cell) => cell[k]!)))
  return median(cells.map((cell) => cell.reduce((sum, value, k) => sum + Math.abs(value - centre[k]!), 0)))
}

/** Mean colour of each whole cell. */
function cellMeans(frame: Uint8Array, { width, height }: PictureSize): number[][] {
  const means: number[][] = []
  for (let top = 0; top + CELL <= height; top += CELL) {
    for (let left = 0; left + CELL <= width; left += CELL)
      means.push(cellMean(frame, (top * width + left) * 3, width * 3))
  }
  return means
}

/** @param first byte of the cell; `row` bytes lie between two of its lines */
function cellMean(frame: Uint8Array, first: number, row: number): number[] {
  let red = 0
  let green = 0
  let blue = 0
  for (let line = first; line < first + CELL * row; line += row) {
    for (let i = line; i < line + CELL * 3; i += 3) {
      red += frame[i]!
      green += frame[i + 1]!
      blue += frame[i + 2]!
    }
  }
  return [red / CELL ** 2, green / CELL ** 2, blue / CELL ** 2]
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}
