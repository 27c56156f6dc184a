import { type Action, type ActionSpace, NO_ACTION, SoraError } from '../../protocol/index.ts'
import type { Observation } from '../observation.ts'
import type { EpisodeStart, Policy } from '../policy.ts'
import { randomNumbers } from '../rng.ts'

/** The past of an episode as an action model reads it; oldest first, as many chunks as it can use. */
export interface ActionQuery {
  /** Each [C,h,w]. */
  latents: readonly Float32Array[]
  /** What led into each of these chunks, one per frame. */
  actions: readonly (readonly Action[])[]
  caption: string
  /** Of the pictures. */
  width: number
  height: number
}

/** How likely it does what, in each frame of the next chunk. */
export interface ActionScores {
  /** [F,buttons] in the order of the action space, 0..1 */
  buttons: Float32Array
  /** [F,axes,bins] in the order of the action space; each row of bins adds up to 1 */
  axes: Float32Array
  /** Degrees per frame that each bin stands for. */
  bins: readonly number[]
}

/** A network that tells what a player would do next; the policy of a model package is one. */
export interface ActionModel {
  readonly name: string
  /** Chunks of the past that it can use. */
  readonly contextChunks: number
  predict(query: ActionQuery): Promise<ActionScores>
}

export interface LearnedOptions {
  /** 0: always the likeliest; 1: as likely as the model says. */
  temperature?: number
}

interface LearnedMemory {
  episode: EpisodeStart
  draw: () => number
  latents: Float32Array[]
  actions: (readonly Action[])[]
  /** What the last step did; led into the chunk seen next. */
  last: readonly Action[] | null
}

/**
 * Plays as a network would that has watched players. One chunk per step: with a larger frame skip it sees only some
 * of the chunks, which it was not trained for, and so that is refused.
 *
 * @throws SoraError `unsupported` (from `act`) where latents are not known or a step is longer than a chunk,
 *   `policy-failed` for scores of another shape
 */
export function learned(model: ActionModel, { temperature = 1 }: LearnedOptions = {}): Policy<LearnedMemory> {
  return {
    name: model.name,
    start: (episode) => ({ episode, draw: randomNumbers(episode.rngSeed), latents: [], actions: [], last: null }),
    act: async (observation, memory) => {
      remember(observation, memory, model.contextChunks)
      const { latents, actions } = memory
      const { caption, width, height } = observation
      const scores = await model.predict({ latents, actions, caption, width, height })
      const { framesPerStep, actionSpace } = memory.episode
      checkScores(scores, actionSpace, framesPerStep)
      const drawn = Array.from({ length: framesPerStep }, (_, frame) =>
        drawAction(scores, actionSpace, frame, temperature, memory.draw),
      )
      memory.last = drawn
      return drawn
    },
  }
}

function remember({ latent, frames, frame }: Observation, memory: LearnedMemory, most: number): void {
  const perChunk = frames.length / frame.length
  if (!latent) throw new SoraError('unsupported', 'a learned policy reads latents, which are not known here')
  if (memory.episode.framesPerStep !== perChunk) {
    throw new SoraError('unsupported', 'a learned policy acts once per chunk: take a frameSkip of 1')
  }
  memory.latents = [...memory.latents, latent].slice(-most)
  memory.actions = [...memory.actions, memory.last ?? Array.from({ length: perChunk }, () => NO_ACTION)].slice(-most)
}

function checkScores({ buttons, axes, bins }: ActionScores, space: ActionSpace, frames: number): void {
  const expected = [frames * space.buttons.length, frames * space.axes.length * bins.length]
  const isNumber = (likelihood: number) => likelihood >= 0 && likelihood <= 1
  const fits = buttons.length === expected[0] && axes.length === expected[1]
  if (fits && buttons.every(isNumber) && axes.every(isNumber)) return
  const words = fits
    ? 'a likelihood that is not from 0 to 1'
    : `${buttons.length} and ${axes.length} numbers, not ${expected.join(' and ')}`
  throw new SoraError('policy-failed', `the action model gave ${words}`)
}

function drawAction(
  { buttons, axes, bins }: ActionScores,
  space: ActionSpace,
  frame: number,
  temperature: number,
  draw: () => number,
): Action {
  const row = buttons.subarray(frame * space.buttons.length)
  const held = space.buttons.filter((_, i) => isDown(row[i]!, temperature, draw)).map(({ name }) => name)
  const degrees = space.axes.map(({ name, max }, axis) => {
    const at = (frame * space.axes.length + axis) * bins.length
    const value = bins[drawBin(axes.subarray(at, at + bins.length), temperature, draw)]!
    return [name, Math.max(-max, Math.min(max, value))] as const
  })
  return { held, axes: Object.fromEntries(degrees.filter(([, value]) => value !== 0)) }
}

function isDown(likelihood: number, temperature: number, draw: () => number): boolean {
  if (temperature === 0) return likelihood > 0.5
  const odds = (likelihood / (1 - likelihood)) ** (1 / temperature)
  return draw() < (Number.isFinite(odds) ? odds / (1 + odds) : 1)
}

function drawBin(likelihoods: Float32Array, temperature: number, draw: () => number): number {
  if (temperature === 0) return likelihoods.indexOf(Math.max(...likelihoods))
  const weights = Array.from(likelihoods, (each) => each ** (1 / temperature))
  let left = draw() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [bin, weight] of weights.entries()) {
    left -= weight
    if (left < 0) return bin
  }
  return weights.length - 1
}
