import { type Action, type EnvBackend, type EnvKept, SoraError } from '../protocol/index.ts'
import { type EnvAction, frameActions } from './action.ts'
import {
  checkPrompt,
  checkRngSeed,
  type EnvOptions,
  type EnvRules,
  envRules,
  MAX_RNG_SEED,
  type ResetOptions,
  type StepResult,
} from './env-options.ts'
import { Episode, type ShownChunk } from './episode.ts'
import type { Observation } from './observation.ts'

/** Branches of one call at most. */
const MAX_BRANCHES = 64

/** A step of one world that was asked for. */
export interface WorldStep {
  world: number
  action: EnvAction
}

/** What `WorldEnv` and `VecEnv` share: several worlds over one backend. */
export class EnvCore {
  readonly backend: EnvBackend
  readonly rules: EnvRules
  readonly episodes: readonly Episode[]
  readonly #listeners = new Set<(chunk: ShownChunk) => void>()
  #isBusy = false
  #isClosed = false

  /** @throws SoraError as {@link envRules}; `unsupported` for descriptions where the model has no captioner */
  constructor(backend: EnvBackend, options: EnvOptions) {
    this.backend = backend
    this.rules = envRules(options)
    if (this.rules.describeEvery > 0 && backend.describedChunks === 0) {
      throw new SoraError('unsupported', `nothing here describes what "${backend.manifest.name}" shows: no captioner`)
    }
    this.episodes = Array.from({ length: backend.worlds }, () => new Episode(backend, this.rules))
  }

  get framesPerStep(): number {
    return this.rules.frameSkip * this.backend.manifest.frames.perChunk
  }

  onChunk(listener: (chunk: ShownChunk) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  reset(worlds: readonly number[], options: readonly ResetOptions[]): Promise<Observation[]> {
    return this.#alone(async () => {
      const starts = worlds.map((world, i) => this.#start(world, options[i] ?? {}))
      for (const { world } of starts) this.episodes[world]!.stop()
      const chunks = await this.backend.reset(starts)
      for (const [i, { world, rngSeed }] of starts.entries()) {
        this.#tell({ world, ...this.episodes[world]!.begin(chunks[i]!, rngSeed) })
      }
      return this.#described(starts)
    })
  }

  /** All actions are checked before any world moves. */
  step(steps: readonly WorldStep[]): Promise<StepResult[]> {
    return this.#alone(async () => {
      const before = steps.map(({ world }) => this.episodes[world]!.checkRunning())
      const actions = steps.map(({ action }) =>
        frameActions(this.backend.manifest.actionSpace, action, this.framesPerStep),
      )
      const startMs = performance.now()
      const others = steps.map(() => false)
      for (let part = 0; part < this.rules.frameSkip; part++) {
        for (const [i, driver] of (await this.#advance(steps, actions, part)).entries()) others[i] ||= driver !== ''
      }
      if (this.rules.describeEvery > 0) await this.#described(steps)
      const wallMs = performance.now() - startMs
      return steps.map(({ world }, i) => {
        const info = { frames: this.framesPerStep, wallMs, isOverridden: others[i]! }
        return this.episodes[world]!.finish(before[i]!, actions[i]!, info)
      })
    })
  }

  /** @throws SoraError `env-state` when there is no world yet */
  snapshot(world: number): Promise<Uint8Array> {
    return this.#alone(async () => this.backend.snapshot(world, this.#seen(world).place))
  }

  restore(kept: readonly EnvKept[]): Promise<Observation[]> {
    return this.#alone(async () => {
      for (const { world } of kept) this.#episode(world)
      const restored = await this.backend.restore(kept)
      for (const [i, { world }] of kept.entries()) {
        this.#tell({ world, ...this.episodes[world]!.goOn(restored[i]!) })
      }
      return this.#described(kept)
    })
  }

  /** Backends that go on with a world from now. @throws SoraError `option-invalid`, `env-state`, and as the backend */
  fork(world: number, count: number): Promise<EnvBackend[]> {
    return this.#alone(async () => {
      this.#seen(world)
      if (Number.isInteger(count) && count >= 1 && count <= MAX_BRANCHES) return this.backend.fork(world, count)
      throw new SoraError('option-invalid', `${count} branches; a whole number from 1 to ${MAX_BRANCHES} is needed`)
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#listeners.clear()
    await this.backend.close()
  }

  /** The newest observations, with what they show in words where that was asked for. */
  async #described(worlds: readonly { world: number }[]): Promise<Observation[]> {
    const observations: Observation[] = []
    for (const { world } of worlds) observations.push(await this.episodes[world]!.describe())
    return observations
  }

  /** One chunk of every world of the step; resolves to who drove in each. */
  async #advance(steps: readonly WorldStep[], actions: readonly Action[][], part: number): Promise<string[]> {
    const { perChunk } = this.backend.manifest.frames
    const moves = steps.map(({ world }, i) => ({
      world,
      actions: actions[i]!.slice(part * perChunk, (part + 1) * perChunk),
    }))
    let chunks: Awaited<ReturnType<EnvBackend['advance']>>
    try {
      chunks = await this.backend.advance(moves)
    } catch (error) {
      // Half a step was made, and which half is not known.
      for (const { world } of steps) this.episodes[world]!.stop()
      throw error
    }
    chunks.forEach((chunk, i) => {
      const { world } = steps[i]!
      this.#tell({ world, ...this.episodes[world]!.take(chunk) })
    })
    return chunks.map((chunk) => chunk.driver)
  }

  #episode(world: number): Episode {
    const episode = this.episodes[world]
    if (episode) return episode
    throw new SoraError('option-invalid', `there is no world ${world}, but ${this.backend.worlds}`)
  }

  #seen(world: number): Episode {
    const episode = this.#episode(world)
    if (episode.observation) return episode
    throw new SoraError('env-state', 'there is no world yet: reset or restore the environment first')
  }

  #start(world: number, { rngSeed, prompt }: ResetOptions) {
    const episode = this.#episode(world)
    return {
      world,
      rngSeed: rngSeed === undefined ? this.#nextRngSeed(episode, world) : checkRngSeed(rngSeed),
      prompt: prompt === undefined ? this.rules.prompt : checkPrompt(prompt),
    }
  }

  /** No two worlds of an environment are the same. */
  #nextRngSeed({ number, rngSeed }: Episode, world: number): number {
    const next = number === 0 ? world : rngSeed + this.backend.worlds
    return next > MAX_RNG_SEED ? world : next
  }

  #tell(chunk: ShownChunk): void {
    for (const listener of this.#listeners) listener(chunk)
  }

  /** Two calls at once would mix their frames. */
  async #alone<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new SoraError('env-state', 'the environment is closed')
    if (this.#isBusy) throw new SoraError('env-state', 'a reset or step is under way: await it first')
    this.#isBusy = true
    try {
      return await call()
    } finally {
      this.#isBusy = false
    }
  }
}
