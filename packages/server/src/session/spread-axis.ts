/**
 * Spreads a summed delta evenly over the frames of a chunk, at most `max` a frame.
 *
 * `rest` is what did not fit, to be turned in the next chunk; it is bounded by what one chunk can turn, so that a wild
 * swing ends soon after the hand does.
 */
export function spreadAxis(sum: number, frames: number, max: number): { perFrame: number; rest: number } {
  const perFrame = clamp(sum / frames, max)
  return { perFrame, rest: clamp(sum - perFrame * frames, max * frames) }
}

function clamp(value: number, max: number): number {
  return Math.max(-max, Math.min(max, value))
}
