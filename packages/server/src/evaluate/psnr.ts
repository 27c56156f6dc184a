/** Equal pictures have no error; figures stay finite and means stay readable. */
const LARGEST_DB = 99
const PEAK = 255

/** Peak signal-to-noise ratio in dB between two pictures of equal size. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!
    sum += difference * difference
  }
  return sum === 0 ? LARGEST_DB : Math.min(LARGEST_DB, 10 * Math.log10((PEAK * PEAK * a.length) / sum))
}

/** dB of each frame of two runs uint8 [T,H,W,3]. */
export function framePsnrs(a: Uint8Array, b: Uint8Array, frameBytes: number): number[] {
  return Array.from({ length: a.length / frameBytes }, (_, frame) => {
    const from = frame * frameBytes
    return psnr(a.subarray(from, from + frameBytes), b.subarray(from, from + frameBytes))
  })
}
