import { type Evaluation, frameBytes } from '../evaluation.ts'
import { framePsnrs } from '../psnr.ts'
import { joinFrames } from '../rollouts.ts'
import { mean } from '../statistics.ts'

/** Degrees of one frame from which on a turn counts as fast. */
const FAST_TURN = 6

export interface ReconstructionFigures {
  /** dB, mean over frames */
  psnr: number | null
  /** The same over frames of fast turns only; null when the clips have none. */
  fastTurn: number | null
}

/** What encoder and decoder leave of the truth: no generated frame can be better. */
export function measureReconstruction(evaluation: Evaluation): ReconstructionFigures {
  const bytes = frameBytes(evaluation)
  const all: number[] = []
  const fast: number[] = []
  for (const { clip, reconstruction } of evaluation.heldOut) {
    const decibels = framePsnrs(clip.rgb, joinFrames(reconstruction), bytes)
    all.push(...decibels)
    fast.push(...decibels.filter((_, frame) => Math.abs(clip.motion[frame]![3]!) >= FAST_TURN))
  }
  return { psnr: mean(all), fastTurn: mean(fast) }
}
