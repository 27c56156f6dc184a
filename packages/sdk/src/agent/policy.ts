import type { ActionSpace } from '../protocol/index.ts'
import type { EnvAction } from './action.ts'
import type { Observation } from './observation.ts'

/** What a policy is told when an episode begins. */
export interface EpisodeStart {
  actionSpace: ActionSpace
  /** Frames that one action is for, and frames per second. */
  framesPerStep: number
  framesPerSecond: number
  /** Degrees that the camera can turn in one step. */
  maxTurn: { yaw: number; pitch: number }
  /** For policies that draw numbers: the same seed, the same draws. */
  rngSeed: number
  /** Aborts when nobody waits for the answer any more. */
  signal: AbortSignal
}

/**
 * Observation to action. What it remembers of an episode lies in `memory`, which it may change: one policy can play in
 * several worlds at once.
 */
export interface Policy<Memory = unknown> {
  readonly name: string
  /** A fresh memory. */
  start(episode: EpisodeStart): Memory | Promise<Memory>
  act(observation: Observation, memory: Memory): EnvAction | Promise<EnvAction>
}

/** A policy of one function: `policyOf('ahead', () => ({ forward: true }))`. */
export function policyOf(
  name: string,
  act: (observation: Observation, episode: EpisodeStart) => EnvAction | Promise<EnvAction>,
): Policy<EpisodeStart> {
  return { name, start: (episode) => episode, act }
}

/** The nearest turn that the model can make, in degrees. */
export function withinTurn(degrees: number, most: number): number {
  return Math.max(-most, Math.min(most, degrees))
}
