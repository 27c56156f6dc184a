import {
  cleanPromptText,
  type EnvBackend,
  type FrameSize,
  LIMITS,
  type ModelManifest,
  SoraError,
} from '../protocol/index.ts'
import { type EnvAction, mostTurn } from './action.ts'
import { EnvCore } from './env-core.ts'
import type { EnvOptions, ResetOptions, StepResult } from './env-options.ts'
import type { ShownChunk } from './episode.ts'
import type { Observation } from './observation.ts'

export interface VecEnvOptions extends EnvOptions {
  /**
   * A world whose episode has ended starts anew within the same step: its result carries the first observation of the
   * next episode, and `info.finalObservation` the last of the old one.
   */
  autoReset?: boolean
}

/** Several worlds side by side, made in one batch: see {@link WorldEnv} for each of them. */
export class VecEnv {
  readonly #core: EnvCore
  readonly #autoReset: boolean

  /** @param backend the environment's from now on: `close` closes it */
  constructor(backend: EnvBackend, options: VecEnvOptions = {}) {
    this.#core = new EnvCore(backend, options)
    this.#autoReset = options.autoReset ?? false
  }

  get manifest(): ModelManifest {
    return this.#core.backend.manifest
  }

  /** Of the pictures. */
  get size(): FrameSize {
    return this.#core.backend.size
  }

  get worlds(): number {
    return this.#core.backend.worlds
  }

  get framesPerStep(): number {
    return this.#core.framesPerStep
  }

  get maxTurn(): { yaw: number; pitch: number } {
    return mostTurn(this.manifest.actionSpace, this.framesPerStep)
  }

  /**
   * Starts an episode in every world. `options` for all of them, or one entry per world.
   *
   * @throws SoraError as `WorldEnv.reset`
   */
  reset(options: Omit<ResetOptions, 'rngSeed'> | readonly ResetOptions[] = {}): Promise<Observation[]> {
    const all = Array.from({ length: this.worlds }, (_, world) => world)
    return this.#core.reset(all, isList(options) ? this.#perWorld(options) : all.map(() => options))
  }

  /** Starts an episode in one world. @throws SoraError as `WorldEnv.reset` */
  async resetWorld(world: number, options: ResetOptions = {}): Promise<Observation> {
    const [observation] = await this.#core.reset([world], [options])
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
    const made = await this.#core.step(steps)
    const results: (StepResult | null)[] = actions.map(() => null)
    steps.forEach(({ world }, i) => {
      results[world] = made[i]!
    })
    if (this.#autoReset) await this.#restart(results)
    return results
  }

  say(world: number, text: string): Promise<void> {
    return this.#core.backend.say(world, cleanPromptText(text, LIMITS.eventLength))
  }

  onChunk(listener: (chunk: ShownChunk) => void): () => void {
    return this.#core.onChunk(listener)
  }

  close(): Promise<void> {
    return this.#core.close()
  }

  async #restart(results: readonly (StepResult | null)[]): Promise<void> {
    const ended = results.flatMap((result, world) => (result?.terminated || result?.truncated ? [world] : []))
    if (ended.length === 0) return
    const first = await this.#core.reset(ended, [])
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
