import { type Action, cleanPromptText, LIMITS, SoraError } from '../protocol/index.ts'
import type { Observation } from './observation.ts'

/** One step as a reward or a predicate sees it. */
export interface Transition {
  before: Observation
  after: Observation
  /** What was asked for, one per frame of the step. */
  actions: readonly Action[]
}

/** A number for one step; more is better. */
export type Reward = (transition: Transition) => number

export interface EnvOptions {
  /** Of every episode, unless `reset` is told another. */
  prompt?: string
  /** Chunks per step, the same action in all of them; 1 by default. */
  frameSkip?: number
  /** Seconds of world after which an episode is cut (`truncated`); no limit by default. */
  timeLimit?: number
  /** The episode is over (`terminated`) when this says so. */
  isOver?: (transition: Transition) => boolean
  /** 0 by default. */
  reward?: Reward
  /**
   * Observations say in words what they show, by the captioner of the model: after every step, or after every so many. Costs a
   * few passes of a small network each time.
   */
  describe?: boolean | number
}

export interface ResetOptions {
  /** Another number, another world; by default the one after the last episode's, 0 at first. */
  rngSeed?: number
  prompt?: string
}

export interface StepInfo {
  /** Frames that this step brought. */
  frames: number
  /** Time that making them took. */
  wallMs: number
  /** Somebody else steered while they were made. */
  isOverridden: boolean
  /** `VecEnv` with `autoReset`: the last observation of the episode that has ended. */
  finalObservation?: Observation
}

/** As in Gymnasium: `terminated` is the world's end, `truncated` the clock's. */
export interface StepResult {
  observation: Observation
  reward: number
  terminated: boolean
  truncated: boolean
  info: StepInfo
}

/** Options once checked. */
export interface EnvRules {
  prompt: string
  frameSkip: number
  timeLimit: number
  isOver: (transition: Transition) => boolean
  reward: Reward
  /** Steps from one description to the next; 0: none. */
  describeEvery: number
}

const DEFAULT_PROMPT = 'a grassy plain by day'
const MAX_FRAME_SKIP = 64
export const MAX_RNG_SEED = 0xffffffff

/** @throws SoraError `option-invalid`, `prompt-empty`, `prompt-too-long` */
export function envRules(options: EnvOptions): EnvRules {
  const { frameSkip = 1, timeLimit = Number.POSITIVE_INFINITY } = options
  if (!Number.isInteger(frameSkip) || frameSkip < 1 || frameSkip > MAX_FRAME_SKIP) {
    throw new SoraError('option-invalid', `frameSkip is ${frameSkip}, not a whole number from 1 to ${MAX_FRAME_SKIP}`)
  }
  const describeEvery = Number(options.describe ?? 0)
  if (!Number.isInteger(describeEvery) || describeEvery < 0) {
    throw new SoraError('option-invalid', `describe is ${options.describe}, neither true nor a whole number of steps`)
  }
  if (!(timeLimit > 0)) throw new SoraError('option-invalid', `timeLimit is ${timeLimit}, not a number above 0`)
  return {
    prompt: checkPrompt(options.prompt ?? DEFAULT_PROMPT),
    frameSkip,
    timeLimit,
    isOver: options.isOver ?? (() => false),
    reward: options.reward ?? (() => 0),
    describeEvery,
  }
}

/** @throws SoraError `prompt-empty`, `prompt-too-long` */
export function checkPrompt(text: string): string {
  return cleanPromptText(text, LIMITS.promptLength)
}

/** @throws SoraError `option-invalid` */
export function checkRngSeed(rngSeed: number): number {
  if (Number.isInteger(rngSeed) && rngSeed >= 0 && rngSeed <= MAX_RNG_SEED) return rngSeed
  throw new SoraError('option-invalid', `rngSeed is ${rngSeed}, not a whole number from 0 to ${MAX_RNG_SEED}`)
}
