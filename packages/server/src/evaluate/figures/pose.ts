import { TextEncoder } from '../../conditioning/text-encoder.ts'
import { commitKnown } from '../../worker/make-chunks.ts'
import { Rollout } from '../../worker/rollout.ts'
import { MOTION_FIELDS } from '../clip.ts'
import type { Evaluation } from '../evaluation.ts'
import type { HeldOut } from '../held-out.ts'
import { mean } from '../statistics.ts'

/** Movement into one frame. */
export interface Movement {
  /** right, up, forward in blocks */
  shift: number[]
  yaw: number
  pitch: number
}

/** A clip with what a player would have been told of its movement, frame by frame; nothing led into frame 0. */
export interface PoseTrail {
  heldOut: HeldOut
  found: Movement[]
}

export interface PoseFigures {
  /** Sum of errors of movement over the way gone, per cent */
  translationPercent: number | null
  /** How far the end of each clip is from where it should be, over the way gone, per cent */
  driftPercent: number | null
  /** Mean absolute error, degrees a frame */
  yawDeg: number | null
  pitchDeg: number | null
}

/** What is said of true chunks when they are committed, as it would be sent to a player; none of a model without pose. */
export async function followPoses(evaluation: Evaluation): Promise<PoseTrail[]> {
  const { heldOut, model, size, steps } = evaluation
  const fields = model.manifest.pose?.fields
  if (!fields) return []
  const texts = new TextEncoder(model)
  const trails: PoseTrail[] = []
  for (const [i, each] of heldOut.entries()) {
    const rollout = new Rollout(model.manifest, { id: each.clip.name, size, rngSeed: i, steps })
    const said: number[] = []
    for (const chunk of each.chunks) said.push(...(await commitKnown(model, texts, rollout, chunk)))
    const found = each.clip.motion.map((_, frame) =>
      movementOf(fields, said.slice(frame * fields.length, (frame + 1) * fields.length)),
    )
    trails.push({ heldOut: each, found })
    evaluation.onProgress(i + 1, heldOut.length)
  }
  return trails
}

export function poseFigures(trails: readonly PoseTrail[]): PoseFigures {
  const clips = trails.map(({ heldOut, found }) => {
    const truth = heldOut.clip.motion.map((motion) => movementOf(MOTION_FIELDS, motion))
    return found.map((each, frame) => ({ found: each, truth: truth[frame]! })).slice(1)
  })
  const frames = clips.flat()
  const way = frames.reduce((sum, { truth }) => sum + Math.hypot(...truth.shift), 0)
  const missed = frames.reduce((sum, { found, truth }) => sum + Math.hypot(...difference(truth.shift, found.shift)), 0)
  const astray = clips.reduce((sum, clip) => {
    const ends = [clip.map(({ found }) => found), clip.map(({ truth }) => truth)].map(endOf)
    return sum + Math.hypot(...difference(ends[0]!, ends[1]!))
  }, 0)
  return {
    translationPercent: way === 0 ? null : (100 * missed) / way,
    driftPercent: way === 0 ? null : (100 * astray) / way,
    yawDeg: mean(frames.map(({ found, truth }) => Math.abs(found.yaw - truth.yaw))),
    pitchDeg: mean(frames.map(({ found, truth }) => Math.abs(found.pitch - truth.pitch))),
  }
}

/** x, y, z in blocks of where movements lead from the origin, looking along -z. */
function endOf(movements: readonly Movement[]): number[] {
  let yaw = 0
  const place = [0, 0, 0]
  for (const { shift, yaw: turn } of movements) {
    const [right, up, forward] = shift
    const [sine, cosine] = [Math.sin((yaw * Math.PI) / 180), Math.cos((yaw * Math.PI) / 180)]
    place[0]! += right! * cosine + forward! * sine
    place[1]! += up!
    place[2]! += right! * sine - forward! * cosine
    yaw += turn
  }
  return place
}

export function movementOf(fields: readonly string[], values: readonly number[]): Movement {
  const [right, up, forward, yaw, pitch] = MOTION_FIELDS.map((name) => values[fields.indexOf(name)] ?? 0)
  return { shift: [right!, up!, forward!], yaw: yaw!, pitch: pitch! }
}

function difference(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value - b[i]!)
}
