import { type Action, actionWidth, encodeAction, NO_ACTION } from '@sora-world/sdk/protocol'
import { type Evaluation, frameAt, frameBytes } from '../evaluation.ts'
import { frechetDistance } from '../frechet.ts'
import { hasCollapsed, meanHealth, type PictureHealth, pictureHealth } from '../picture-health.ts'
import { groupsOf, joinFrames, playRollouts, ROLLOUTS_AT_ONCE, type RolloutPlan } from '../rollouts.ts'

/** Seconds at the start and at the end that are compared. */
const WINDOW_SECONDS = 5

export interface DriftLength {
  rollouts: number
  seconds: number
}

export interface DriftFigures extends DriftLength {
  /** `distance` over `reference`: 1 when the end looks as the start does. */
  ratio: number | null
  /** Frechet distance of the last seconds of one half of the rollouts from the first seconds of the other half. */
  distance: number | null
  /** The same between the first seconds of both halves: how far different worlds are apart anyway. */
  reference: number | null
  /** Rollouts whose picture broke down. */
  collapses: number
  /** Times that a rollout was started anew because its guard took it for broken; null without the guard. */
  recoveries: number | null
  /** First and last frame of each rollout, uint8 [H,W,3], for people to look at. */
  ends: { first: Uint8Array; last: Uint8Array }[]
}

/** Start and end of one rollout: one frame per chunk. */
interface Ends {
  start: Uint8Array[]
  end: Uint8Array[]
  recoveries: number
}

/** Plays long rollouts from captions alone, some standing still, some walking about, and compares end with start. */
export async function measureDrift(evaluation: Evaluation, length: DriftLength): Promise<DriftFigures> {
  const rollouts = await playLong(evaluation, length)
  const { size } = evaluation
  const health = (frames: readonly Uint8Array[]): PictureHealth =>
    meanHealth(frames.map((frame) => pictureHealth(frame, size)))
  return {
    ...length,
    ...(await distances(evaluation, rollouts)),
    collapses: rollouts.filter(({ start, end }) => hasCollapsed(health(start), health(end))).length,
    recoveries: evaluation.guard === false ? null : rollouts.reduce((sum, each) => sum + each.recoveries, 0),
    ends: rollouts.map(({ start, end }) => ({ first: start[0]!, last: end.at(-1)! })),
  }
}

async function playLong(evaluation: Evaluation, length: DriftLength): Promise<Ends[]> {
  const { perSecond, perChunk } = evaluation.model.manifest.frames
  const chunks = Math.ceil((length.seconds * perSecond) / perChunk)
  const window = Math.min(Math.floor(chunks / 2), Math.round((WINDOW_SECONDS * perSecond) / perChunk))
  const bytes = frameBytes(evaluation)
  const plans = Array.from({ length: length.rollouts }, (_, i) => planOf(evaluation, i))
  const groups = groupsOf(plans, ROLLOUTS_AT_ONCE)
  const rollouts: Ends[] = []
  let done = 0
  for (const group of groups) {
    const ends: Ends[] = group.map(() => ({ start: [], end: [], recoveries: 0 }))
    let index = 0
    for await (const moment of playRollouts(evaluation, group, chunks)) {
      moment.forEach(({ frames, isRecovery }, i) => {
        if (isRecovery) ends[i]!.recoveries++
        const frame = frameAt(frames, -1, bytes)
        if (index < window) ends[i]!.start.push(frame.slice())
        if (index >= chunks - window) ends[i]!.end.push(frame.slice())
      })
      index++
      evaluation.onProgress(++done, groups.length * chunks)
    }
    rollouts.push(...ends)
  }
  return rollouts
}

/** Captions of the clips in turn; every second rollout stands still, the others follow a script. */
function planOf({ heldOut, model }: Evaluation, i: number): RolloutPlan {
  const { actionSpace, frames } = model.manifest
  const caption = heldOut[i % heldOut.length]!.clip.captions[0]!
  const script = i % 2 === 0 ? () => NO_ACTION : SCRIPTS[(i >> 1) % SCRIPTS.length]!
  const width = actionWidth(actionSpace)
  return {
    rngSeed: 1000 + i,
    history: [],
    caption: () => caption,
    actions: (index) => {
      const out = new Float32Array(frames.perChunk * width)
      for (let frame = 0; frame < frames.perChunk; frame++) {
        encodeAction(actionSpace, script(index * frames.perChunk + frame), out, frame * width)
      }
      return out
    },
  }
}

const doing = (held: string[], yaw = 0, pitch = 0): Action => ({
  held,
  axes: { 'camera.yaw': yaw, 'camera.pitch': pitch },
})

/** What a player does in each frame of a long walk. */
const SCRIPTS: readonly ((frame: number) => Action)[] = [
  // Straight on, turning a corner every four seconds.
  (frame) => doing(['forward'], frame % 80 < 20 ? 3 : 0),
  // Round and round on the spot, looking up and down.
  (frame) => doing([], 2, 1.5 * Math.sin((2 * Math.PI * frame) / 60)),
  // Running and jumping, swinging from left to right.
  (frame) => doing(frame % 20 < 4 ? ['forward', 'sprint', 'jump'] : ['forward', 'sprint'], 4 * Math.sin(frame / 15)),
  // Sideways, back, and forward again.
  (frame) => doing([['left'], ['back'], ['right'], ['forward']][Math.floor(frame / 30) % 4]!),
]

async function distances({ judges, size }: Evaluation, rollouts: readonly Ends[]) {
  // A half of one rollout is no distribution.
  if (!judges || rollouts.length < 4) return { ratio: null, distance: null, reference: null }
  const features = async (frames: readonly Uint8Array[]) =>
    (await judges.readScene(joinFrames(frames), size)).map(({ feature }) => feature)
  const read: { start: Float32Array[]; end: Float32Array[] }[] = []
  for (const { start, end } of rollouts) read.push({ start: await features(start), end: await features(end) })
  return driftRatio(read)
}

/**
 * Compares the end of half of the rollouts with the start of the other half, and start with start. Both sets of a
 * comparison are of other worlds and of one size, so that the ratio has no bias of its own.
 */
export function driftRatio(rollouts: readonly { start: Float32Array[]; end: Float32Array[] }[]) {
  let distance = 0
  let reference = 0
  const splits = halvings(rollouts.length)
  for (const inFirst of splits) {
    const first = rollouts.filter((_, i) => inFirst(i))
    const second = rollouts.filter((_, i) => !inFirst(i))
    const starts = { first: first.flatMap(({ start }) => start), second: second.flatMap(({ start }) => start) }
    const ends = { first: first.flatMap(({ end }) => end), second: second.flatMap(({ end }) => end) }
    distance += frechetDistance(ends.first, starts.second) + frechetDistance(ends.second, starts.first)
    reference += 2 * frechetDistance(starts.first, starts.second)
  }
  const mean = (sum: number) => sum / (2 * splits.length)
  return {
    ratio: reference === 0 ? null : distance / reference,
    distance: mean(distance),
    reference: mean(reference),
  }
}

/** A few ways to halve the rollouts, each half with as many idle ones as busy ones where there are enough. */
function halvings(count: number): ((i: number) => boolean)[] {
  return [(i) => i % 4 < 2, (i) => i < count / 2, (i) => (i + 1) % 4 < 2]
}
