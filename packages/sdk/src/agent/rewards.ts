import { SoraError } from '../protocol/index.ts'
import type { Reward, Transition } from './env-options.ts'
import type { DepthImage, Observation } from './observation.ts'

/**
 * Ready-made rewards. They know only what the environment shows: the model's own reckoning of its steps, its depth and
 * its picture. None of them knows the world: "walked" is what the model believes to have walked.
 */

/** Blocks walked over the ground in the step, in whatever direction. */
export function distanceWalked(): Reward {
  return (transition) => walked(transition)
}

/** Blocks further away from where the episode began, negative on the way back. */
export function distanceFromStart(): Reward {
  return ({ before, after }) => fromStart(after) - fromStart(before)
}

/** Blocks climbed in the step, negative downwards. */
export function heightGained(): Reward {
  return ({ before, after }) => (after.pose?.y ?? 0) - (before.pose?.y ?? 0)
}

/** 1 for a step that ends on a patch of `blocks` x `blocks` where the episode had not been before. */
export function newGround(blocks = 4): Reward {
  // By observation, so that one function serves several worlds at once.
  const visits = new WeakMap<Observation, Set<string>>()
  return ({ before, after }) => {
    const visited = visits.get(before) ?? new Set([patch(before, blocks)])
    visits.set(after, visited)
    const here = patch(after, blocks)
    const isNew = !visited.has(here)
    visited.add(here)
    return isNew ? 1 : 0
  }
}

/** 1 while the middle of the view is nearer than `blocks`: the player looks at something close. */
export function lookedAtNear(blocks = 3): Reward {
  return ({ after }) => (after.depth && middle(after.depth) > 1 / blocks ? 1 : 0)
}

/** Share of the view that is farther than `blocks` away, sky included: 1 in the open, 0 before a wall. */
export function openView(blocks = 8): Reward {
  return ({ after: { depth } }) => {
    if (!depth) return 0
    return depth.inverse.reduce((sum, inverse) => sum + (inverse < 1 / blocks ? 1 : 0), 0) / depth.inverse.length
  }
}

/** Mean brightness of the newest frame, 0 black to 1 white. */
export function brightness(): Reward {
  return ({ after: { frame } }) => frame.reduce((sum, value) => sum + value, 0) / (255 * frame.length)
}

/**
 * How much of a caption the picture shows by the model's own captioner: the share of the caption's words, articles and the like
 * left out, that the description has. 0 to 1, as of the newest description.
 *
 * @param wanted a caption of one's own; the one in force by default
 * @throws SoraError (the reward does) `unsupported` in an environment that does not `describe`
 */
export function captionMatch(wanted?: string): Reward {
  return ({ after: { description, caption } }) => {
    if (description === null) {
      throw new SoraError(
        'unsupported',
        'the reward captionMatch needs descriptions: create the environment with "describe"',
      )
    }
    const asked = contentWords(wanted ?? caption)
    const seen = new Set(contentWords(description))
    return asked.length === 0 ? 0 : asked.filter((word) => seen.has(word)).length / asked.length
  }
}

/** Several rewards as one: `sumOf([distanceWalked(), 1], [heightGained(), 2])`. */
export function sumOf(...parts: readonly (readonly [reward: Reward, weight: number])[]): Reward {
  return (transition) => parts.reduce((sum, [reward, weight]) => sum + weight * reward(transition), 0)
}

const FUNCTION_WORDS = new Set('a an and at by from in into is it its of off on over the then to under with'.split(' '))

/** Each once. */
function contentWords(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return [...new Set(words)].filter((word) => !FUNCTION_WORDS.has(word))
}

function walked({ before, after }: Transition): number {
  if (!before.pose || !after.pose) return 0
  return Math.hypot(after.pose.x - before.pose.x, after.pose.z - before.pose.z)
}

function fromStart({ pose }: Observation): number {
  return pose ? Math.hypot(pose.x, pose.z) : 0
}

function patch({ pose }: Observation, blocks: number): string {
  return pose ? `${Math.floor(pose.x / blocks)} ${Math.floor(pose.z / blocks)}` : ''
}

/** Greatest inverse depth of the middle two by two samples. */
function middle({ inverse, width, height }: DepthImage): number {
  const x = Math.floor(width / 2)
  const y = Math.floor(height / 2)
  return Math.max(...[y - 1, y].flatMap((row) => [inverse[row * width + x - 1] ?? 0, inverse[row * width + x] ?? 0]))
}
