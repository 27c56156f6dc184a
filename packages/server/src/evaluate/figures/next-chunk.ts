import { CONTEXT_CHUNKS, type Evaluation, frameAt, frameBytes } from '../evaluation.ts'
import type { HeldOut } from '../held-out.ts'
import { framePsnrs } from '../psnr.ts'
import { collectRollouts, type PlayedChunk, planFromTruth, type RolloutPlan } from '../rollouts.ts'
import { mean } from '../statistics.ts'
import { depthError } from '../true-depth.ts'

/** Step counts of the report; one that the model does not allow gives null. The run's own count is added to them. */
const STEP_COUNTS = [1, 2, 4] as const

/** Chunks between two predictions in one clip. */
const STRIDE = 3
const QUICK_STRIDE = 6

export interface NextChunkFigures {
  /** dB one chunk ahead of the truth, by the number of denoise steps */
  bySteps: Record<string, number | null>
  /** dB of two things to compare it with: the last true frame shown again, and the true chunk encoded and decoded. */
  repeatLastFrame: number | null
  ceiling: number | null
  /** Median relative error of the depth one chunk ahead, by the run's own step count; null without depth */
  depthError: number | null
  /** Latent error with another clip's actions over that with the right ones: 1 when the model ignores actions. */
  actionShuffleRatio: number | null
}

interface Moment {
  heldOut: HeldOut
  chunk: number
}

/** Predicts one chunk from true context, at several moments of each clip. */
export async function measureNextChunk(evaluation: Evaluation, quick = false): Promise<NextChunkFigures> {
  const { heldOut, model } = evaluation
  const moments = momentsOf(heldOut, quick ? QUICK_STRIDE : STRIDE)
  const bytes = frameBytes(evaluation)
  const decibels = (pick: (moment: Moment) => Uint8Array) =>
    mean(moments.flatMap((moment) => framePsnrs(moment.heldOut.truth[moment.chunk]!, pick(moment), bytes)))
  const { allowed } = model.manifest.denoiser.steps
  const counts = new Set([...STEP_COUNTS.filter((steps) => allowed.includes(steps)), evaluation.steps])
  const total = (counts.size + 1) * moments.length
  let done = 0
  const predict = async (steps: number, plan: (moment: Moment) => RolloutPlan) => {
    const made = new Map<Moment, PlayedChunk>()
    for (const group of byChunk(moments)) {
      const played = await collectRollouts({ ...evaluation, steps }, group.map(plan), 1)
      for (const [i, moment] of group.entries()) made.set(moment, played[i]![0]!)
      evaluation.onProgress((done += group.length), total)
    }
    return made
  }
  const bySteps: Record<string, number | null> = Object.fromEntries(STEP_COUNTS.map((steps) => [steps, null]))
  let right = new Map<Moment, PlayedChunk>()
  for (const steps of counts) {
    const made = await predict(steps, planOf)
    bySteps[steps] = decibels((moment) => made.get(moment)!.frames)
    if (steps === evaluation.steps) right = made
  }
  const wrong = await predict(evaluation.steps, (moment) => withActionsOf(moment, strangerOf(moment, heldOut)))
  const error = (made: typeof right) =>
    mean(moments.map((moment) => meanSquare(made.get(moment)!.latent, moment.heldOut.chunks[moment.chunk]!.latent)))
  return {
    bySteps,
    repeatLastFrame: decibels(({ heldOut: { truth }, chunk }) => repeatLast(truth[chunk - 1]!, bytes)),
    ceiling: decibels(({ heldOut: { reconstruction }, chunk }) => reconstruction[chunk]!),
    depthError: depthErrorOf(evaluation, right),
    actionShuffleRatio: heldOut.length < 2 ? null : ratio(error(wrong), error(right)),
  }
}

function depthErrorOf({ model, size }: Evaluation, made: ReadonlyMap<Moment, PlayedChunk>): number | null {
  const { outputs, decoder, frames } = model.manifest
  if (!outputs.includes('depth')) return null
  const grid = { rows: size.height / decoder.depthScale, columns: size.width / decoder.depthScale }
  const found = [...made].map(([{ heldOut, chunk }, { inverseDepth }]) => {
    return { clip: heldOut.clip, firstFrame: chunk * frames.perChunk, inverseDepth }
  })
  return depthError(found, grid)
}

function momentsOf(heldOut: readonly HeldOut[], stride: number): Moment[] {
  return heldOut.flatMap((each) => {
    const count = Math.ceil((each.chunks.length - CONTEXT_CHUNKS) / stride)
    return Array.from({ length: count }, (_, i) => ({ heldOut: each, chunk: CONTEXT_CHUNKS + i * stride }))
  })
}

/** Rollouts that are played together have histories of one length. */
function byChunk(moments: readonly Moment[]): Moment[][] {
  const chunks = [...new Set(moments.map(({ chunk }) => chunk))]
  return chunks.map((chunk) => moments.filter((moment) => moment.chunk === chunk))
}

function planOf({ heldOut, chunk }: Moment): RolloutPlan {
  return planFromTruth(heldOut, chunk)
}

/** The clip after this one, as far as it has such a chunk. */
function strangerOf({ heldOut, chunk }: Moment, all: readonly HeldOut[]): HeldOut {
  const at = all.indexOf(heldOut)
  const others = [...all.slice(at + 1), ...all.slice(0, at)]
  return others.find((other) => other.chunks.length > chunk) ?? heldOut
}

function withActionsOf(moment: Moment, other: HeldOut): RolloutPlan {
  return { ...planOf(moment), actions: (index) => other.chunks[index]!.actions }
}

function repeatLast(frames: Uint8Array, bytes: number): Uint8Array {
  const out = new Uint8Array(frames.length)
  for (let at = 0; at < out.length; at += bytes) out.set(frameAt(frames, -1, bytes), at)
  return out
}

function meanSquare(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length
}

function ratio(a: number | null, b: number | null): number | null {
  return a === null || b === null || b === 0 ? null : a / b
}
