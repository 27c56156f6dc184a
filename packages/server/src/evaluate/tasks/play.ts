import type { Action, ModelManifest } from '@sora-world/sdk/protocol'
import { captionInForce } from '../../conditioning/caption.ts'
import type { WorldModel } from '../../model/denoiser.ts'
import { chunkActions } from '../../studio/action-file.ts'
import { MOTION_FIELDS } from '../clip.ts'
import { joinFrames, type PlayedChunk, playRollouts, type RolloutPlan, type RolloutSetting } from '../rollouts.ts'
import type { Attempt } from './attempt.ts'
import type { Task } from './task.ts'

/** Attempts side by side at a task in generated worlds, one for each of `rngSeeds`; hears of each chunk made. */
export async function playTask(
  setting: RolloutSetting,
  task: Task,
  rngSeeds: readonly number[],
  onChunk: () => void,
): Promise<Attempt[]> {
  const { manifest } = setting.model
  const script = task.script()
  const actions = script.actions()
  const chunks = script.frames / manifest.frames.perChunk
  const played: PlayedChunk[][] = rngSeeds.map(() => [])
  for await (const moment of playRollouts(setting, rngSeeds.map(planOf(setting.model, task, actions)), chunks)) {
    for (const [i, chunk] of moment.entries()) played[i]!.push(chunk)
    onChunk()
  }
  return played.map((each) => ({
    size: setting.size,
    verticalFovDegrees: manifest.camera.verticalFovDegrees,
    frames: joinFrames(each.map(({ frames }) => frames)),
    actions,
    motion: each.flatMap(({ pose }) => motionsOf(manifest, pose)),
  }))
}

function planOf({ manifest }: WorldModel, task: Task, actions: readonly Action[]): (rngSeed: number) => RolloutPlan {
  const { actionSpace, frames, text } = manifest
  return (rngSeed) => {
    const prompt = task.prompts[rngSeed % task.prompts.length]!
    const isSaid = (index: number) => task.says && (index + 1) * frames.perChunk > task.says.frame
    return {
      rngSeed,
      history: [],
      actions: (index) =>
        chunkActions(actionSpace, (frame) => actions[frame]!, index * frames.perChunk, frames.perChunk),
      caption: (index) => captionInForce(prompt, isSaid(index) ? [task.says!.text] : [], text.length),
    }
  }
}

/** Numbers [F,Q] of the pose head as one list per frame, in the order of MOTION_FIELDS. */
export function motionsOf({ pose }: ModelManifest, numbers: ArrayLike<number>): number[][] {
  if (!pose) return []
  const width = pose.fields.length
  return Array.from({ length: numbers.length / width }, (_, frame) =>
    MOTION_FIELDS.map((name) => numbers[frame * width + pose.fields.indexOf(name)] ?? 0),
  )
}
