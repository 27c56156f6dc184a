import { CONTEXT_CHUNKS, type Evaluation, frameAt, frameBytes } from '../evaluation.ts'
import type { HeldOut } from '../held-out.ts'
import type { MotionReading } from '../judges.ts'
import { collectRollouts, groupsOf, joinFrames, planFromTruth, ROLLOUTS_AT_ONCE } from '../rollouts.ts'
import { mean, microF1 } from '../statistics.ts'

/** Keys that move the player, as the figure counts them. */
const MOVES = ['forward', 'back', 'left', 'right', 'jump']
/** Chunks of a rollout that are judged; longer ones measure drift. */
const MAX_CHUNKS = 10
/** Degrees of one frame from which on one speaks of a turn. */
const TURN = 1

/** How well what moved in the pictures agrees with what was pressed. */
export interface Obedience {
  /** Mean absolute difference of read and commanded yaw, degrees a frame. */
  turnErrorDeg: number | null
  /** The same over frames in which a turn was commanded. */
  turnErrorTurningDeg: number | null
  /** Read yaw per commanded yaw (least squares): 1 followed, 0 ignored. */
  turnGain: number | null
  /** Over forward, back, left, right and jump together. */
  keyF1: number | null
}

export interface ControlFigures {
  generated: Obedience
  /** The judge on the true frames of the same moments: its own error. */
  truth: Obedience
}

const NOTHING: Obedience = { turnErrorDeg: null, turnErrorTurningDeg: null, turnGain: null, keyF1: null }

/** Goes on from true context with the clip's own later actions; the dynamics judge says what moved. */
export async function measureControl(evaluation: Evaluation): Promise<ControlFigures> {
  const { judges, heldOut, size, onProgress } = evaluation
  if (!judges) return { generated: NOTHING, truth: NOTHING }
  const bytes = frameBytes(evaluation)
  const generated: Moment[] = []
  const truth: Moment[] = []
  let done = 0
  for (const group of groupsOf(heldOut.toSorted(byLength), ROLLOUTS_AT_ONCE)) {
    const chunks = Math.min(MAX_CHUNKS, group[0]!.chunks.length - CONTEXT_CHUNKS)
    const plans = group.map((each) => planFromTruth(each, CONTEXT_CHUNKS))
    const played = await collectRollouts(evaluation, plans, chunks)
    for (const [i, each] of group.entries()) {
      const made = played[i]!.map((chunk) => chunk.frames)
      const seen = frameAt(each.reconstruction[CONTEXT_CHUNKS - 1]!, -1, bytes)
      generated.push(...withCommands(each, await judges.readMotion(joinFrames([seen, ...made]), size)))
      const real = each.truth.slice(CONTEXT_CHUNKS, CONTEXT_CHUNKS + chunks)
      const before = frameAt(each.truth[CONTEXT_CHUNKS - 1]!, -1, bytes)
      truth.push(...withCommands(each, await judges.readMotion(joinFrames([before, ...real]), size)))
      onProgress(++done, heldOut.length)
    }
  }
  const moves = MOVES.filter((name) => judges.keys.includes(name))
  return { generated: obedience(generated, moves), truth: obedience(truth, moves) }
}

interface Moment {
  /** Degrees */
  commanded: number
  pressed: readonly string[]
  read: MotionReading
}

/** Shortest first: a group is as long as its first. */
function byLength(a: HeldOut, b: HeldOut): number {
  return a.chunks.length - b.chunks.length
}

/** Readings begin at the first frame after the context. */
function withCommands({ clip, truth }: HeldOut, readings: readonly MotionReading[]): Moment[] {
  const first = CONTEXT_CHUNKS * (clip.frames / truth.length)
  return readings.map((read, i) => {
    const { held, axes } = clip.actions[first + i]!
    return { commanded: axes['camera.yaw'] ?? 0, pressed: held, read }
  })
}

export function obedience(moments: readonly Moment[], moves: readonly string[]): Obedience {
  const errors = moments.map(({ commanded, read }) => Math.abs(read.yaw - commanded))
  const power = moments.reduce((sum, { commanded }) => sum + commanded ** 2, 0)
  const followed = moments.reduce((sum, { commanded, read }) => sum + commanded * read.yaw, 0)
  return {
    turnErrorDeg: mean(errors),
    turnErrorTurningDeg: mean(errors.filter((_, i) => Math.abs(moments[i]!.commanded) >= TURN)),
    turnGain: power === 0 ? null : followed / power,
    keyF1: microF1(
      moments.map(({ pressed }) => pressed),
      moments.map(({ read }) => read.held),
      moves,
    ),
  }
}
