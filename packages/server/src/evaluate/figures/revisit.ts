import { type Evaluation, frameAt, frameBytes } from '../evaluation.ts'
import type { HeldOut } from '../held-out.ts'
import { psnr } from '../psnr.ts'
import { collectRollouts, joinFrames, planFromTruth } from '../rollouts.ts'
import { mean } from '../statistics.ts'

/** Two views are the same one within these bounds: all but a twentieth of the picture was seen before. */
const SAME_DEGREES = 4
const SAME_BLOCKS = 0.25
/** How far one has to turn away in between. */
const AWAY_DEGREES = 60
/** Chunks that have to be true before one turns back. */
const LEAST_CONTEXT = 3

export interface RevisitFigures {
  /** dB of generated frames whose view was seen before, turned away from and come back to; null without a memory */
  withMemory: number | null
  /** The same with the memory switched off, or of a model that has none. */
  without: number | null
  /** The true frames of the same moments encoded and decoded, and the view of before shown as it was. */
  ceiling: number | null
  earlierView: number | null
  /** Frames that were measured. */
  frames: number
}

export interface Return {
  /** Frame in which the view was last turned away furthest: what follows is generated. */
  turning: number
  /** Frames that show a view again, each with the frame that showed it before. */
  again: { frame: number; before: number }[]
}

/** Turns back with the clip's own actions, from true chunks that saw the place and turned away from it. */
export async function measureRevisit(evaluation: Evaluation): Promise<RevisitFigures> {
  const bytes = frameBytes(evaluation)
  const visits = visitsOf(evaluation.heldOut)
  const runs = evaluation.model.manifest.memory ? [true, false] : [false]
  const made: Record<string, Moment[]> = { true: [], false: [] }
  let done = 0
  for (const memory of runs) {
    for (const visit of visits) {
      made[`${memory}`]!.push(...(await comeBack({ ...evaluation, memory }, visit)))
      evaluation.onProgress(++done, visits.length * runs.length)
    }
  }
  const moments = made.false!
  const decibels = (of: readonly Moment[], pick: (moment: Moment) => Uint8Array) =>
    mean(of.map((moment) => psnr(frameAt(moment.heldOut.clip.rgb, moment.frame, bytes), pick(moment))))
  return {
    withMemory: decibels(made.true!, ({ generated }) => generated),
    without: decibels(moments, ({ generated }) => generated),
    ceiling: decibels(moments, ({ heldOut, frame }) => frameAt(joinFrames(heldOut.reconstruction), frame, bytes)),
    earlierView: decibels(moments, ({ heldOut, before }) => frameAt(heldOut.clip.rgb, before, bytes)),
    frames: moments.length,
  }
}

export interface Visit {
  heldOut: HeldOut
  found: Return
}

/** One frame that shows a view again. */
export interface Moment {
  heldOut: HeldOut
  frame: number
  before: number
  /** uint8 [H,W,3] */
  generated: Uint8Array
}

/** The clips that look away and come back, from true chunks enough. */
export function visitsOf(all: readonly HeldOut[]): Visit[] {
  return all.flatMap((heldOut) => {
    const found = findReturn(heldOut.clip.pose)
    return found && found.turning >= LEAST_CONTEXT * framesPerChunk(heldOut) ? [{ heldOut, found }] : []
  })
}

/** Generates from the chunk on in which the player turns back. */
export async function comeBack(evaluation: Evaluation, { heldOut, found }: Visit): Promise<Moment[]> {
  const perChunk = framesPerChunk(heldOut)
  const from = Math.floor(found.turning / perChunk)
  const last = Math.floor(found.again.at(-1)!.frame / perChunk)
  const [played] = await collectRollouts(evaluation, [planFromTruth(heldOut, from)], last - from + 1)
  const frames = joinFrames(played!.map((chunk) => chunk.frames))
  return found.again.map(({ frame, before }) => ({
    heldOut,
    frame,
    before,
    generated: frameAt(frames, frame - from * perChunk, frameBytes(evaluation)),
  }))
}

function framesPerChunk({ clip, chunks }: HeldOut): number {
  return clip.frames / chunks.length
}

/** The first time that a player turns away and comes back; poses are eye x, y, z, yaw, pitch. */
export function findReturn(poses: readonly (readonly number[])[]): Return | undefined {
  for (const [start, first] of poses.entries()) {
    const turning = poses.findIndex((pose, frame) => frame > start && yawBetween(first, pose) >= AWAY_DEGREES)
    if (turning < 0) continue
    const back = poses.findIndex((pose, frame) => frame > turning && isSameView(pose, first))
    if (back < 0) continue
    const furthest = furthestFrom(poses, start, back)
    const again = poses.flatMap((pose, frame) => {
      if (frame <= furthest || yawBetween(pose, poses[furthest]!) < AWAY_DEGREES) return []
      const before = poses.findIndex((earlier, at) => at < turning && isSameView(pose, earlier))
      return before < 0 ? [] : [{ frame, before }]
    })
    return { turning: furthest, again }
  }
  return undefined
}

function furthestFrom(poses: readonly (readonly number[])[], start: number, end: number): number {
  let furthest = start
  for (let frame = start; frame < end; frame++) {
    if (yawBetween(poses[start]!, poses[frame]!) >= yawBetween(poses[start]!, poses[furthest]!)) furthest = frame
  }
  return furthest
}

function isSameView(a: readonly number[], b: readonly number[]): boolean {
  const distance = Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!, a[2]! - b[2]!)
  return distance <= SAME_BLOCKS && yawBetween(a, b) <= SAME_DEGREES && Math.abs(a[4]! - b[4]!) <= SAME_DEGREES
}

/** Degrees, the short way round. */
function yawBetween(a: readonly number[], b: readonly number[]): number {
  const turn = Math.abs(a[3]! - b[3]!) % 360
  return Math.min(turn, 360 - turn)
}
