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

/** Pixels on a side of the cells of {@link cellContrast}: a token of the models that ship. */
const CELL = 16

/** Of one picture uint8 [H,W,3]. */
export function pictureHealth(frame: Uint8Array, { width, height }: PictureSize): PictureHealth {
  const row = width * 3
  let differences = 0
  const sums: [number, number, number] = [0, 0, 0]
  for (let i = 0; i < frame.length; i++) {
    sums[i % 3]! += frame[i]!
    if ((i % row) + 3 < row) differences += (frame[i + 3]! - frame[i]!) ** 2
    if (i + row < frame.length) differences += (frame[i + row]! - frame[i]!) ** 2
  }
  const pairs = 3 * (height * (width - 1) + (height - 1) * width)
  const pixels = width * height
  return { detail: differences / pairs, colour: sums.map((sum) => sum / pixels) as [number, number, number] }
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
  const columns = Math.floor(width / CELL)
  const rows = Math.floor(height / CELL)
  const sums = new Float64Array(columns * rows * 3)
  for (let y = 0; y < rows * CELL; y++) {
    for (let x = 0; x < columns * CELL; x++) {
      const from = (y * width + x) * 3
      const to = (Math.floor(y / CELL) * columns + Math.floor(x / CELL)) * 3
      for (let k = 0; k < 3; k++) sums[to + k]! += frame[from + k]!
    }
  }
  return Array.from({ length: columns * rows }, (_, i) =>
    [...sums.subarray(i * 3, i * 3 + 3)].map((sum) => sum / CELL ** 2),
  )
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}
