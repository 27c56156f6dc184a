import { SoraError, toSoraError } from '../protocol/index.ts'
import type { EnvAction } from './action.ts'
import type { ResetOptions, StepResult } from './env-options.ts'
import type { Observation } from './observation.ts'
import type { EpisodeStart, Policy } from './policy.ts'
import type { WorldEnv } from './world-env.ts'

export interface RunOptions {
  /** 1 by default. */
  episodes?: number
  /** Steps after which an episode is left, whatever the environment says; needed when that has no time limit. */
  maxSteps?: number
  /** Of the first episode; the others count on from it. */
  rngSeed?: number
  prompt?: string
  /** How long one decision may take before the policy counts as gone. */
  actTimeoutMs?: number
  /**
   * How long decisions may take on the whole: the length of a step where the world does not wait, no limit elsewhere.
   * Several in a row that are slower end the run.
   */
  maxActMs?: number
  /** Ends the run between two steps, or while a reset waits; that one goes on until it is done or the environment closed. */
  signal?: AbortSignal
  onStep?(progress: RunProgress): void
}

export interface RunProgress {
  /** From 0 on. */
  episode: number
  /** Steps of this episode so far. */
  steps: number
  result: StepResult
}

export interface EpisodeReport {
  rngSeed: number
  steps: number
  /** Of world. */
  seconds: number
  reward: number
  terminated: boolean
  truncated: boolean
  /** Steps in which somebody else drove. */
  overriddenSteps: number
}

export interface RunReport {
  policy: string
  episodes: EpisodeReport[]
  /** Of all steps: world time by the time that passed. */
  realtimeFactor: number
  /** Mean time of a decision and of a step of the world. */
  actMs: number
  stepMs: number
}

const ACT_TIMEOUT_MS = 30_000
/** A policy may stumble; this often in a row is a habit. */
const SLOW_DECISIONS = 5

/**
 * Lets a policy play for whole episodes. The environment stays the caller's, and usable, whatever the policy does.
 *
 * A policy that computes without ever awaiting cannot be interrupted from here: `sora-world agent run` watches from
 * outside.
 *
 * @throws SoraError `policy-failed` when the policy throws; `action-invalid` for an action that cannot be carried out;
 *   `timeout` when it does not answer; `policy-slow` when the world does not wait for it; its own SoraErrors and the
 *   environment's as they are; `signal.reason` when aborted
 */
export async function runPolicy<M>(env: WorldEnv, policy: Policy<M>, options: RunOptions = {}): Promise<RunReport> {
  const { episodes = 1 } = options
  if (!Number.isInteger(episodes) || episodes < 1) {
    throw new SoraError('option-invalid', `episodes is ${episodes}, not a whole number above 0`)
  }
  const runner = new Runner(env, policy, options)
  const reports: EpisodeReport[] = []
  for (let episode = 0; episode < episodes; episode++) reports.push(await runner.episode(episode))
  return { policy: policy.name, episodes: reports, ...runner.times(reports) }
}

class Runner<M> {
  readonly #env: WorldEnv
  readonly #policy: Policy<M>
  readonly #options: RunOptions
  #actMs = 0
  #stepMs = 0
  #steps = 0
  #slow = 0

  constructor(env: WorldEnv, policy: Policy<M>, options: RunOptions) {
    this.#env = env
    this.#policy = policy
    this.#options = options
  }

  async episode(index: number): Promise<EpisodeReport> {
    const { maxSteps = Number.POSITIVE_INFINITY, signal } = this.#options
    signal?.throwIfAborted()
    const over = new AbortController()
    try {
      let observation = await untilAborted(this.#env.reset(this.#resetOptions(index)), signal)
      const memory = await this.#decide(() => this.#policy.start(this.#episodeStart(over.signal)), 0)
      const report = { ...EMPTY_REPORT, rngSeed: this.#env.rngSeed }
      this.#slow = 0
      while (report.steps < maxSteps && !report.terminated && !report.truncated) {
        signal?.throwIfAborted()
        const result = await this.#step(observation, memory, report.steps)
        observation = result.observation
        addStep(report, result)
        this.#options.onStep?.({ episode: index, steps: report.steps, result })
      }
      return report
    } finally {
      over.abort(new SoraError('aborted', 'the episode is over'))
    }
  }

  times(reports: readonly EpisodeReport[]): Pick<RunReport, 'realtimeFactor' | 'actMs' | 'stepMs'> {
    const seconds = reports.reduce((sum, report) => sum + report.seconds, 0)
    const steps = Math.max(1, this.#steps)
    const passedMs = this.#actMs + this.#stepMs
    return {
      realtimeFactor: passedMs > 0 ? (1000 * seconds) / passedMs : 0,
      actMs: this.#actMs / steps,
      stepMs: this.#stepMs / steps,
    }
  }

  #resetOptions(index: number): ResetOptions {
    const { rngSeed, prompt } = this.#options
    return { prompt, rngSeed: rngSeed === undefined ? undefined : (rngSeed + index) % 2 ** 32 }
  }

  #episodeStart(signal: AbortSignal): EpisodeStart {
    const { manifest, framesPerStep, maxTurn, rngSeed } = this.#env
    const { actionSpace, frames } = manifest
    return { actionSpace, framesPerStep, framesPerSecond: frames.perSecond, maxTurn, rngSeed, signal }
  }

  async #step(observation: Observation, memory: M, step: number): Promise<StepResult> {
    const startMs = performance.now()
    const action = await this.#decide(() => this.#policy.act(observation, memory), step)
    const actedMs = performance.now()
    this.#checkPace(actedMs - startMs)
    const result = await this.#carryOut(action, step)
    this.#actMs += actedMs - startMs
    this.#stepMs += performance.now() - actedMs
    this.#steps++
    return result
  }

  async #carryOut(action: EnvAction, step: number): Promise<StepResult> {
    try {
      return await this.#env.step(action)
    } catch (cause) {
      const error = toSoraError(cause)
      if (error.code !== 'action-invalid') throw cause
      const words = `policy "${this.#policy.name}", step ${step}: ${error.message}`
      throw new SoraError('action-invalid', words, { cause })
    }
  }

  /** What the policy says, in time. */
  async #decide<T>(call: () => T | Promise<T>, step: number): Promise<T> {
    const { actTimeoutMs = ACT_TIMEOUT_MS, signal } = this.#options
    const where = `policy "${this.#policy.name}", step ${step}`
    const late = new SoraError('timeout', `${where}: it did not answer within ${actTimeoutMs / 1000} s`)
    let timer: ReturnType<typeof setTimeout> | undefined
    let stop = () => {}
    try {
      const gone = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(late), actTimeoutMs)
        stop = () => reject(signal?.reason)
        signal?.addEventListener('abort', stop, { once: true })
      })
      return await Promise.race([call(), gone])
    } catch (cause) {
      if (cause instanceof SoraError || signal?.aborted) throw cause
      const words = cause instanceof Error ? cause.message : String(cause)
      throw new SoraError('policy-failed', `${where}: ${words}`, { cause })
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
    }
  }

  #checkPace(actMs: number): void {
    const { maxActMs = this.#env.isRealTime ? this.#env.stepMs : Number.POSITIVE_INFINITY } = this.#options
    this.#slow = actMs > maxActMs ? this.#slow + 1 : 0
    if (this.#slow < SLOW_DECISIONS) return
    const words = `takes ${Math.round(actMs)} ms for a decision, and the world waits for ${Math.round(maxActMs)}`
    throw new SoraError('policy-slow', `policy "${this.#policy.name}" ${words}`)
  }
}

/** @throws `signal.reason` when aborted before */
async function untilAborted<T>(call: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal?.reason)
    signal?.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([call, aborted])
  } finally {
    signal?.removeEventListener('abort', stop)
    // Nobody waits for it any more when it was aborted.
    call.catch(() => {})
  }
}

const EMPTY_REPORT: Omit<EpisodeReport, 'rngSeed'> = {
  steps: 0,
  seconds: 0,
  reward: 0,
  terminated: false,
  truncated: false,
  overriddenSteps: 0,
}

function addStep(report: EpisodeReport, { observation, reward, terminated, truncated, info }: StepResult): void {
  report.steps++
  report.seconds = observation.seconds
  report.reward += reward
  report.terminated = terminated
  report.truncated = truncated
  if (info.isOverridden) report.overriddenSteps++
}
