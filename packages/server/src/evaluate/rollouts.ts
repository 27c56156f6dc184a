import type { FrameSize } from '@sora-world/sdk/protocol'
import type { WorldModel } from '../model/denoiser.ts'
import type { InProcessWorker } from '../worker/in-process-worker.ts'
import type { CommittedChunk } from '../worker/model-worker.ts'
import type { HeldOut } from './held-out.ts'

/** One rollout to play: what it starts from and what drives it. */
export interface RolloutPlan {
  rngSeed: number
  /** Chunks that lie behind it, from chunk 0 on; none for a new world. */
  history: readonly CommittedChunk[]
  /** [F,A] and caption of chunk `index` of the world. */
  actions(index: number): Float32Array
  caption(index: number): string
}

export interface PlayedChunk {
  /** [C,h,w] */
  latent: Float32Array
  /** uint8 [F,H,W,3] */
  frames: Uint8Array
  /** [F,H/scale,W/scale] in 1/blocks, 0 = sky */
  inverseDepth: Float32Array
  /** The rollout had broken down and was started anew with this chunk. */
  isRecovery: boolean
}

export interface RolloutSetting {
  model: WorldModel
  worker: InProcessWorker
  size: FrameSize
  steps: number
  /** False switches off the world memory of a model that has one. */
  memory?: boolean
  /** False lets a rollout that breaks down go on as it is. */
  guard?: boolean
  signal?: AbortSignal
}

/** Rollouts that share one pass; more would not be quicker. */
export const ROLLOUTS_AT_ONCE = 8

/** Continues a clip from its true chunks before `from`, with the clip's own later actions and captions. */
export function planFromTruth(heldOut: HeldOut, from: number, rngSeed = from): RolloutPlan {
  return {
    rngSeed,
    history: heldOut.chunks.slice(0, from),
    actions: (index) => heldOut.chunks[index]!.actions,
    caption: (index) => heldOut.chunks[index]!.caption,
  }
}

/**
 * Plays rollouts side by side for `chunks` chunks, exactly as a room would, and decodes them. Yields the chunks of one
 * moment at a time, in the order of `plans`; all histories are of one length.
 *
 * @throws `signal.reason` when aborted between two denoise steps
 */
export async function* playRollouts(
  { worker, size, steps, memory, guard, signal }: RolloutSetting,
  plans: readonly RolloutPlan[],
  chunks: number,
): AsyncGenerator<PlayedChunk[]> {
  const first = plans[0]!.history.length
  const ids = plans.map((_, i) => `rollout ${i}`)
  try {
    for (const [i, { rngSeed, history }] of plans.entries()) {
      await worker.open({ id: ids[i]!, size, rngSeed, steps, memory, guard }, history)
    }
    for (let index = first; index < first + chunks; index++) {
      const jobs = plans.map((plan, i) => ({
        rolloutId: ids[i]!,
        index,
        actions: plan.actions(index),
        caption: plan.caption(index),
        wantsFrames: true,
      }))
      const made = await worker.generate(jobs, signal)
      yield made.map(({ latent, decoded, isRecovery = false }) => ({ latent, ...decoded!, isRecovery }))
    }
  } finally {
    for (const id of ids) worker.close(id)
  }
}

/** Plays any number of rollouts in groups and collects every chunk of each. `onChunk` hears of each moment. */
export async function collectRollouts(
  setting: RolloutSetting,
  plans: readonly RolloutPlan[],
  chunks: number,
  onChunk: () => void = () => {},
): Promise<PlayedChunk[][]> {
  const all: PlayedChunk[][] = []
  for (const group of groupsOf(plans, ROLLOUTS_AT_ONCE)) {
    const played: PlayedChunk[][] = group.map(() => [])
    for await (const moment of playRollouts(setting, group, chunks)) {
      moment.forEach((chunk, i) => {
        played[i]!.push(chunk)
      })
      onChunk()
    }
    all.push(...played)
  }
  return all
}

export function groupsOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}

/** Puts the frames of several chunks behind each other: uint8 [T,H,W,3]. */
export function joinFrames(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
