import { TextEncoder } from '../../conditioning/text-encoder.ts'
import { commitKnown } from '../../worker/make-chunks.ts'
import { Rollout } from '../../worker/rollout.ts'
import { MOTION_FIELDS } from '../clip.ts'
import type { Evaluation } from '../evaluation.ts'
import { mean } from '../statistics.ts'
import { depthError } from '../true-depth.ts'

/**
 * Median relative error of the decoder's depth on the latents of true chunks, where the truth is not sky; null without
 * depth. A model with depth channels was told the true depth: then this is what coding it costs.
 */
export function measureDepth({ heldOut, model, size }: Evaluation): number | null {
  const { outputs, decoder, frames } = model.manifest
  if (!outputs.includes('depth')) return null
  const grid = { rows: size.height / decoder.depthScale, columns: size.width / decoder.depthScale }
  const found = heldOut.flatMap(({ clip, inverseDepth }) =>
    inverseDepth.map((chunk, index) => ({ clip, firstFrame: index * frames.perChunk, inverseDepth: chunk })),
  )
  return depthError(found, grid)
}

export interface PoseFigures {
  /** Sum of errors of movement over the way gone, per cent */
  translationPercent: number | null
  /** Mean absolute error, degrees a frame */
  yawDeg: number | null
  pitchDeg: number | null
}

/** What the pose head says of true chunks when they are committed, as it would be sent to a player. */
export async function measurePose(evaluation: Evaluation): Promise<PoseFigures> {
  const { heldOut, model, size, steps } = evaluation
  const fields = model.manifest.pose?.fields
  if (!fields) return { translationPercent: null, yawDeg: null, pitchDeg: null }
  const texts = new TextEncoder(model)
  const frames: { found: Movement; truth: Movement }[] = []
  for (const [i, { clip, chunks }] of heldOut.entries()) {
    const rollout = new Rollout(model.manifest, { id: clip.name, size, rngSeed: i, steps })
    const found: number[] = []
    for (const chunk of chunks) found.push(...(await commitKnown(model, texts, rollout, chunk)))
    // Nothing led into frame 0.
    for (let frame = 1; frame < clip.frames; frame++) {
      const said = found.slice(frame * fields.length, (frame + 1) * fields.length)
      frames.push({ found: movementOf(fields, said), truth: movementOf(MOTION_FIELDS, clip.motion[frame]!) })
    }
    evaluation.onProgress(i + 1, heldOut.length)
  }
  return poseFigures(frames)
}

interface Movement {
  /** right, up, forward in blocks */
  shift: number[]
  yaw: number
  pitch: number
}

function movementOf(fields: readonly string[], values: readonly number[]): Movement {
  const [right, up, forward, yaw, pitch] = MOTION_FIELDS.map((name) => values[fields.indexOf(name)] ?? 0)
  return { shift: [right!, up!, forward!], yaw: yaw!, pitch: pitch! }
}

export function poseFigures(frames: readonly { found: Movement; truth: Movement }[]): PoseFigures {
  const way = frames.reduce((sum, { truth }) => sum + Math.hypot(...truth.shift), 0)
  const missed = frames.reduce(
    (sum, { found, truth }) => sum + Math.hypot(...truth.shift.map((value, i) => value - found.shift[i]!)),
    0,
  )
  return {
    translationPercent: way === 0 ? null : (100 * missed) / way,
    yawDeg: mean(frames.map(({ found, truth }) => Math.abs(found.yaw - truth.yaw))),
    pitchDeg: mean(frames.map(({ found, truth }) => Math.abs(found.pitch - truth.pitch))),
  }
}
