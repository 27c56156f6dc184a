import type { ActionSpace } from '@sora-world/sdk/protocol'
import { chunkUniforms } from './uniforms.ts'

/** What a policy says about one chunk. */
export interface ActionLogits {
  /** [F,buttons] */
  buttons: Float32Array
  /** [F,axes,M] over the bins of the camera */
  camera: Float32Array
}

/**
 * Draws the actions [F,A] of one chunk, in the model's layout, by the rule of docs/model-package.md, "Readers": a key
 * that is held and an axis have one number per chunk, a press one per frame.
 *
 * @param bins axis values / max in rising order (M)
 */
export function drawActions(
  logits: ActionLogits,
  space: ActionSpace,
  bins: readonly number[],
  rngSeed: number,
  chunkIndex: number,
): Float32Array {
  const buttons = space.buttons.length
  const axes = space.axes.length
  const width = buttons + axes
  const frames = logits.buttons.length / buttons
  const draws = chunkUniforms(rngSeed, chunkIndex, frames * width)
  const out = new Float32Array(frames * width)
  for (let frame = 0; frame < frames; frame++) {
    space.buttons.forEach(({ binding }, i) => {
      const draw = draws[binding === 'press' ? frame * width + i : i]!
      out[frame * width + i] = draw < sigmoid(logits.buttons[frame * buttons + i]!) ? 1 : 0
    })
    for (let axis = 0; axis < axes; axis++) {
      const from = (frame * axes + axis) * bins.length
      const chosen = drawIndex(logits.camera.subarray(from, from + bins.length), draws[buttons + axis]!)
      out[frame * width + buttons + axis] = bins[chosen]!
    }
  }
  return out
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

/** The first index whose cumulative probability reaches `draw`. */
function drawIndex(logits: Float32Array, draw: number): number {
  const highest = logits.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY)
  const weights = Array.from(logits, (x) => Math.exp(x - highest))
  let left = draw * weights.reduce((sum, weight) => sum + weight, 0)
  const found = weights.findIndex((weight) => (left -= weight) <= 0)
  return found < 0 ? weights.length - 1 : found
}
