/**
 * Shrinks pictures uint8 [N,H,W,3] by averaging over the area that each new pixel covers: what a camera with fewer
 * pixels would have seen, and how the ground truth itself is shrunk for the judges.
 */
export function areaAverage(
  frames: Uint8Array,
  from: { width: number; height: number },
  to: { width: number; height: number },
): Uint8Array {
  if (from.width === to.width && from.height === to.height) return frames
  const count = frames.length / (from.width * from.height * 3)
  const across = spans(from.width, to.width)
  const down = spans(from.height, to.height)
  const out = new Uint8Array(count * to.width * to.height * 3)
  // One frame after the other: rows first, into a strip of the new width.
  const strip = new Float32Array(from.height * to.width * 3)
  for (let frame = 0; frame < count; frame++) {
    const source = frames.subarray(frame * from.width * from.height * 3, (frame + 1) * from.width * from.height * 3)
    shrinkRows(source, from.width, across, strip)
    shrinkColumns(strip, to.width * 3, down, out, frame * to.width * to.height * 3)
  }
  return out
}

/** Which old pixels a new one covers, with the share that each has in it. */
interface Span {
  start: number
  weights: number[]
}

function spans(from: number, to: number): Span[] {
  const step = from / to
  return Array.from({ length: to }, (_, i) => {
    const low = i * step
    const high = Math.min(from, (i + 1) * step)
    const start = Math.floor(low + 1e-9)
    const end = Math.ceil(high - 1e-9)
    const weights = Array.from(
      { length: end - start },
      (_, j) => (Math.min(high, start + j + 1) - Math.max(low, start + j)) / (high - low),
    )
    return { start, weights }
  })
}

function shrinkRows(source: Uint8Array, width: number, across: readonly Span[], strip: Float32Array): void {
  const rows = source.length / (width * 3)
  for (let y = 0; y < rows; y++) {
    across.forEach(({ start, weights }, x) => {
      for (let colour = 0; colour < 3; colour++) {
        let sum = 0
        for (let j = 0; j < weights.length; j++) sum += weights[j]! * source[(y * width + start + j) * 3 + colour]!
        strip[(y * across.length + x) * 3 + colour] = sum
      }
    })
  }
}

function shrinkColumns(
  strip: Float32Array,
  rowLength: number,
  down: readonly Span[],
  out: Uint8Array,
  at: number,
): void {
  down.forEach(({ start, weights }, y) => {
    for (let x = 0; x < rowLength; x++) {
      let sum = 0
      for (let j = 0; j < weights.length; j++) sum += weights[j]! * strip[(start + j) * rowLength + x]!
      out[at + y * rowLength + x] = Math.round(sum)
    }
  })
}

/** Cuts the middle columns out of pictures uint8 [N,H,W,3]. */
export function cropColumns(frames: Uint8Array, width: number, newWidth: number): Uint8Array {
  if (width === newWidth) return frames
  const rows = frames.length / (width * 3)
  const left = Math.floor((width - newWidth) / 2)
  const out = new Uint8Array(rows * newWidth * 3)
  for (let y = 0; y < rows; y++) {
    const from = (y * width + left) * 3
    out.set(frames.subarray(from, from + newWidth * 3), y * newWidth * 3)
  }
  return out
}
