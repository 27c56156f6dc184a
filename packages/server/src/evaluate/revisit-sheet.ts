import { spread } from './clip-set.ts'
import { type Evaluation, frameAt, frameBytes } from './evaluation.ts'
import { comeBack, visitsOf } from './figures/revisit.ts'

/** Places come back to, a row each. */
const ROWS = 5

/**
 * Pictures uint8 [H,W,3] of places that were looked away from, a row each: the true view before, the true view while
 * turned away, the true view again, and the last of these as generated with world memory and without.
 */
export async function drawRevisits(evaluation: Evaluation): Promise<Uint8Array[][]> {
  const bytes = frameBytes(evaluation)
  const visits = spread(visitsOf(evaluation.heldOut), ROWS)
  const rows: Uint8Array[][] = []
  for (const visit of visits) {
    const { clip } = visit.heldOut
    const withMemory = (await comeBack({ ...evaluation, memory: true }, visit)).at(-1)!
    const without = (await comeBack({ ...evaluation, memory: false }, visit)).at(-1)!
    const { before, frame } = withMemory
    const truth = [before, visit.found.turning, frame].map((at) => frameAt(clip.rgb, at, bytes))
    rows.push([...truth, withMemory.generated, without.generated])
    evaluation.onProgress(rows.length, visits.length)
  }
  return rows
}
