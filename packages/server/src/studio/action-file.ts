import { readFile } from 'node:fs/promises'
import {
  type Action,
  type ActionSpace,
  actionWidth,
  encodeAction,
  NO_ACTION,
  SoraError,
} from '@sora-world/sdk/protocol'
import { z } from 'zod'

/**
 * An action file is JSON, a list of stretches played one after the other:
 *
 *     [
 *       { "frames": 20, "held": ["forward"] },
 *       { "frames": 20, "held": ["forward", "sprint"], "axes": { "camera.yaw": 2 } },
 *       { "frames": 1, "held": ["jump"] }
 *     ]
 *
 * `frames` at the model's rate (20 a second), `held` buttons that are down in each of them, `axes` per frame in the
 * axis' own unit (degrees). Names are those of the model's action space. After the last stretch nothing is held.
 */
const stretchSchema = z.strictObject({
  frames: z.int().positive().max(1_000_000),
  held: z.array(z.string()).default([]),
  axes: z.record(z.string(), z.number()).default({}),
})
const fileSchema = z.array(stretchSchema).min(1)

export type ActionStretch = z.infer<typeof stretchSchema>

/** The action of each frame, from 0 on. */
export type ActionTrack = (frame: number) => Action

/** Reads an action file and checks it against what the model was trained with.
 *
 * @throws SoraError `action-invalid` naming file and place
 */
export async function readActionFile(path: string, space: ActionSpace): Promise<ActionTrack> {
  let json: unknown
  try {
    json = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new SoraError('action-invalid', `action file ${path}: ${(cause as Error).message}`, { cause })
  }
  const parsed = fileSchema.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new SoraError(
      'action-invalid',
      `action file ${path}, at ${issue?.path.join('.') || 'top'}: ${issue?.message}`,
    )
  }
  checkNames(path, parsed.data, space)
  return trackOf(parsed.data)
}

/** Plays stretches one after the other, then nothing. */
export function trackOf(stretches: readonly ActionStretch[]): ActionTrack {
  let end = 0
  const ends = stretches.map((stretch) => (end += stretch.frames))
  return (frame) => stretches[ends.findIndex((each) => frame < each)] ?? NO_ACTION
}

/** [F,A]: the actions that lead into the frames of one chunk. */
export function chunkActions(space: ActionSpace, track: ActionTrack, firstFrame: number, frames: number): Float32Array {
  const width = actionWidth(space)
  const out = new Float32Array(frames * width)
  for (let f = 0; f < frames; f++) encodeAction(space, track(firstFrame + f), out, f * width)
  return out
}

function checkNames(path: string, stretches: readonly ActionStretch[], space: ActionSpace): void {
  const scratch = new Float32Array(actionWidth(space))
  stretches.forEach((stretch, i) => {
    try {
      encodeAction(space, stretch, scratch)
    } catch (error) {
      const known = [...space.buttons, ...space.axes].map(({ name }) => name).join(', ')
      throw new SoraError(
        'action-invalid',
        `action file ${path}, at ${i}: ${(error as Error).message}; known: ${known}`,
      )
    }
  })
}
