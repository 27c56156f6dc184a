import type { FrameSize } from '@sora-world/sdk/protocol'
import { TextEncoder } from '../../conditioning/text-encoder.ts'
import type { WorldModel } from '../../model/denoiser.ts'
import { commitKnown } from '../../worker/make-chunks.ts'
import { Rollout } from '../../worker/rollout.ts'
import type { Clip } from '../clip.ts'
import { holdOut } from '../held-out.ts'
import type { Attempt } from './attempt.ts'
import { motionsOf } from './play.ts'

/**
 * A clip of the true world as an attempt. The pose is not the clip's own but what the model's pose head says of its
 * pictures, as it would of generated ones: what rests on it is tried with its mistakes.
 */
export async function attemptOf(model: WorldModel, clip: Clip, size: FrameSize, needsPose: boolean): Promise<Attempt> {
  return {
    size,
    verticalFovDegrees: model.manifest.camera.verticalFovDegrees,
    frames: clip.rgb,
    actions: clip.actions,
    motion: needsPose && model.manifest.pose ? await motionsOfClip(model, clip, size) : [],
  }
}

async function motionsOfClip(model: WorldModel, clip: Clip, size: FrameSize): Promise<number[][]> {
  const texts = new TextEncoder(model)
  const steps = model.manifest.denoiser.steps.default
  const rollout = new Rollout(model.manifest, { id: clip.name, size, rngSeed: 0, steps })
  const motions: number[][] = []
  for (const chunk of (await holdOut(model, clip, size)).chunks) {
    motions.push(...motionsOf(model.manifest, await commitKnown(model, texts, rollout, chunk)))
  }
  return motions
}
