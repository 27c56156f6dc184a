import type { Action, ModelManifest } from '@sora-world/sdk/protocol'
import { captionInForce } from '../../conditioning/caption.ts'
import { chunkActions } from '../../studio/action-file.ts'
import type { ChunkJob, ChunkResult } from '../../worker/model-worker.ts'
import { MOTION_FIELDS } from '../clip.ts'
import { joinFrames, type RolloutSetting } from '../rollouts.ts'
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
  const played: ChunkResult[][] = rngSeeds.map(() => [])
  for await (const moment of chunksOf(setting, task, rngSeeds, actions)) {
    for (const [i, chunk] of moment.entries()) played[i]!.push(chunk)
    onChunk()
  }
  return played.map((chunks) => ({
    size: setting.size,
    verticalFovDegrees: manifest.camera.verticalFovDegrees,
    frames: joinFrames(chunks.map(({ decoded }) => decoded!.frames)),
    actions,
    motion: chunks.flatMap(({ pose }) => motionsOf(manifest, pose)),
  }))
}

/** All chunks of the attempts, one moment at a time, made and decoded as a room would. */
async function* chunksOf(setting: RolloutSetting, task: Task, rngSeeds: readonly number[], actions: readonly Action[]) {
  const { worker, size, steps, memory, signal } = setting
  const { perChunk } = setting.model.manifest.frames
  const ids = rngSeeds.map((rngSeed) => `${task.name} ${rngSeed}`)
  try {
    for (const [i, rngSeed] of rngSeeds.entries()) await worker.open({ id: ids[i]!, size, rngSeed, steps, memory })
    for (let index = 0; index < actions.length / perChunk; index++) {
      const jobs = rngSeeds.map((rngSeed, i) => jobOf(setting.model.manifest, task, actions, rngSeed, ids[i]!, index))
      yield await worker.generate(jobs, signal)
    }
  } finally {
    for (const id of ids) worker.close(id)
  }
}

function jobOf(
  { actionSpace, frames: { perChunk }, text }: ModelManifest,
  { prompts, says }: Task,
  actions: readonly Action[],
  rngSeed: number,
  rolloutId: string,
  index: number,
): ChunkJob {
  const said = says && (index + 1) * perChunk > says.frame ? [says.text] : []
  return {
    rolloutId,
    index,
    actions: chunkActions(actionSpace, (frame) => actions[frame]!, index * perChunk, perChunk),
    caption: captionInForce(prompts[rngSeed % prompts.length]!, said, text.length),
    wantsFrames: true,
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
