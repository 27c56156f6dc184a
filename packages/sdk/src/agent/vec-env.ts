import { cleanPromptText, type EnvBackend, LIMITS, SoraError } from '../protocol/index.ts'
import type { EnvAction } from './action.ts'
import { EnvBase } from './env-base.ts'
import type { EnvOptions, ResetOptions, StepResult } from './env-options.ts'
import type { Observation } from './observation.ts'

export interface VecEnvOptions extends EnvOptions {
  /**
   * A world whose episode has ended starts anew within the same step: its result carries the first observation of the
   * next episode, and `info.finalObservation` the last of the old one.
   */
  autoReset?: boolean
}

/** Several worlds side by side, made in one batch: see `WorldEnv` for each of them. */
export class VecEnv extends EnvBase {
  readonly #autoReset: boolean

  /** @param backend the environment's from now on: `close` closes it */
  constructor(backend: EnvBackend, options: VecEnvOptions = {}) {
    super(backend, options)
    this.#autoReset = options.autoReset ?? false
  }

  get worlds(): number {
    return this.core.backend.worlds
  }

  /**
   * Starts an episode in every world. `options` for all of them, or one entry per world.
   *
   * @throws SoraError as `WorldEnv.reset`
   */
  reset(options: Omit<ResetOptions, 'rngSeed'> | readonly ResetOptions[] = {}): Promise<Observation[]> {
    const all = Array.from({ length: this.worlds }, (_, world) => world)
    return this.core.reset(all, isList(options) ? this.#perWorld(options) : all.map(() => options))
  }

  /** Starts an episode in one world. @throws SoraError as `WorldEnv.reset` */
  async resetWorld(world: number, options: ResetOptions = {}): Promise<Observation> {
    const [observation] = await this.core.reset([world], [options])
    return observation!
  }

  /**
   * One step of every world; a world whose entry is null stands still and its result is null.
   *
   * @throws SoraError as `WorldEnv.step`; when one action is refused, no world has moved
   */
  async step(actions: readonly (EnvAction | null)[]): Promise<(StepResult | null)[]> {
    this.#perWorld(actions)
    const steps = actions.flatMap((action, world) => (action === null ? [] : [{ world, action }]))
    const made = await this.core.step(steps)
    const results: (StepResult | null)[] = actions.map(() => null)
    steps.forEach(({ world }, i) => {
      results[world] = made[i]!
    })
    if (this.#autoReset) await this.#restart(results)
    return results
  }

  say(world: number, text: string): Promise<void> {
    return this.core.backend.say(world, cleanPromptText(text, LIMITS.eventLength))
  }

  /** One of the worlds as it is now, as a file. @throws SoraError as `WorldEnv.snapshot` */
  snapshot(world: number): Promise<Uint8Array> {
    return this.core.snapshot(world)
  }

  /**
   * Puts a kept world into one place, or into several: branches of one moment.
   *
   * @throws SoraError as `WorldEnv.restore`; no place has changed then
   */
  restore(bytes: Uint8Array, worlds: readonly number[]): Promise<Observation[]> {
    if (new Set(worlds).size !== worlds.length) throw new SoraError('option-invalid', 'a world is named twice')
    return this.core.restore(worlds.map((world) => ({ world, bytes })))
  }

  /** The worlds `into` go on from where `world` is now. @throws SoraError `option-invalid`, `env-state` */
  async fork(world: number, into: readonly number[]): Promise<Observation[]> {
    if (into.includes(world)) throw new SoraError('option-invalid', `world ${world} cannot branch off into itself`)
    const bytes = await this.snapshot(world)
    return this.restore(bytes, into)
  }

  async #restart(results: readonly (StepResult | null)[]): Promise<void> {
    const ended = results.flatMap((result, world) => (result?.terminated || result?.truncated ? [world] : []))
    if (ended.length === 0) return
    const first = await this.core.reset(ended, [])
    ended.forEach((world, i) => {
      const result = results[world]!
      result.info.finalObservation = result.observation
      result.observation = first[i]!
    })
  }

  #perWorld<T>(list: readonly T[]): readonly T[] {
    if (list.length === this.worlds) return list
    throw new SoraError('option-invalid', `a list of ${list.length} for ${this.worlds} worlds`)
  }
}

function isList<T>(value: unknown | readonly T[]): value is readonly T[] {
  return Array.isArray(value)
}
