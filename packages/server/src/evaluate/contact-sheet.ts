import sharp from 'sharp'
import type { PictureSize } from './judges.ts'

/** Pixels between pictures. */
const GAP = 2
const BACKGROUND = 24
/** Small pictures are shown larger, with square pixels. */
const LEAST_WIDTH = 192

/**
 * Pictures uint8 [H,W,3] in rows, as the bytes of a PNG. Rows may differ in length; a missing picture leaves a gap.
 */
export async function drawContactSheet(
  rows: readonly (readonly (Uint8Array | undefined)[])[],
  { width, height }: PictureSize,
): Promise<Buffer> {
  const columns = Math.max(1, ...rows.map((row) => row.length))
  const sheetWidth = columns * (width + GAP) + GAP
  const sheetHeight = Math.max(1, rows.length) * (height + GAP) + GAP
  const sheet = new Uint8Array(sheetWidth * sheetHeight * 3).fill(BACKGROUND)
  rows.forEach((row, y) => {
    row.forEach((picture, x) => {
      if (!picture) return
      const left = GAP + x * (width + GAP)
      const top = GAP + y * (height + GAP)
      for (let line = 0; line < height; line++) {
        const from = line * width * 3
        sheet.set(picture.subarray(from, from + width * 3), ((top + line) * sheetWidth + left) * 3)
      }
    })
  })
  const scale = Math.max(1, Math.ceil(LEAST_WIDTH / width))
  return sharp(sheet, { raw: { width: sheetWidth, height: sheetHeight, channels: 3 } })
    .resize(sheetWidth * scale, sheetHeight * scale, { kernel: 'nearest' })
    .png({ compressionLevel: 9 })
    .toBuffer()
}
