import { actionWidth } from '@sora-world/sdk/protocol'
import { captionDiagonal, captionGrid, type GridCaption } from '../caption-grid.ts'
import type { Attributes } from '../clip.ts'
import { spread } from '../clip-set.ts'
import { type Evaluation, frameAt, frameBytes } from '../evaluation.ts'
import type { Judges } from '../judges.ts'
import { collectRollouts, joinFrames, type RolloutPlan } from '../rollouts.ts'
import { mean, share } from '../statistics.ts'

/** A second of world: the first view, then standing still in it. */
const CHUNKS = 5
/** True frames between two that the judge is checked on. */
const CHECK_EVERY = 8

/** Shares of the pictures in which the judge sees what was asked for. */
export interface CaptionAgreement {
  biome: number | null
  time: number | null
  weather: number | null
  mean: number | null
}

export interface CaptionFigures {
  generated: CaptionAgreement
  /** The judge on true frames of the clips: its own accuracy. */
  truth: CaptionAgreement
  /** First views, uint8 [H,W,3] each, for people to look at. */
  views: { caption: string; frame: Uint8Array }[]
}

/** Generates worlds from captions alone and asks the scene judge what they show, at the first view and a second later. */
export async function measureCaptions(
  evaluation: Evaluation,
  quick: boolean,
  most = Number.MAX_SAFE_INTEGER,
): Promise<CaptionFigures> {
  const { judges, size } = evaluation
  const bytes = frameBytes(evaluation)
  const grid = judges ? spread(quick ? captionDiagonal(judges) : captionGrid(judges), most) : []
  let done = 0
  const total = CHUNKS * Math.ceil(grid.length / 8)
  const played = await collectRollouts(evaluation, grid.map(planOf(evaluation)), CHUNKS, () =>
    evaluation.onProgress(++done, total),
  )
  const wanted: Attributes[] = []
  const pictures: Uint8Array[] = []
  const views = grid.map(({ caption }, i) => ({ caption, frame: frameAt(played[i]![0]!.frames, -1, bytes) }))
  for (const [i, chunks] of played.entries()) {
    for (const chunk of [chunks[0]!, chunks.at(-1)!]) {
      pictures.push(frameAt(chunk.frames, -1, bytes))
      wanted.push(grid[i]!)
    }
  }
  const seen = judges ? await judges.readScene(joinFrames(pictures), size) : []
  return { generated: agreement(wanted, seen), truth: await checkOnTruth(evaluation, judges), views }
}

function planOf({ model }: Evaluation): (caption: GridCaption, i: number) => RolloutPlan {
  const { actionSpace, frames } = model.manifest
  const still = new Float32Array(frames.perChunk * actionWidth(actionSpace))
  return ({ caption }, rngSeed) => ({ rngSeed, history: [], actions: () => still, caption: () => caption })
}

async function checkOnTruth(evaluation: Evaluation, judges: Judges | undefined): Promise<CaptionAgreement> {
  const bytes = frameBytes(evaluation)
  const wanted: Attributes[] = []
  const pictures: Uint8Array[] = []
  for (const { clip } of evaluation.heldOut) {
    for (let frame = 0; frame < clip.frames; frame += CHECK_EVERY) {
      wanted.push(clip.attributes[frame]!)
      pictures.push(frameAt(clip.rgb, frame, bytes))
    }
  }
  return agreement(wanted, judges ? await judges.readScene(joinFrames(pictures), evaluation.size) : [])
}

/** `seen` may be empty: nothing was judged. */
export function agreement(wanted: readonly Attributes[], seen: readonly Attributes[]): CaptionAgreement {
  const pairs = seen.map((found, i) => ({ found, wish: wanted[i]! }))
  const biome = share(pairs, ({ found, wish }) => found.biome === wish.biome)
  const time = share(pairs, ({ found, wish }) => found.time === wish.time)
  const weather = share(pairs, ({ found, wish }) => found.weather === wish.weather)
  return { biome, time, weather, mean: mean([biome, time, weather].filter((value) => value !== null)) }
}
