import { cleanPromptText, type EnvBackend, LIMITS, SoraError } from '../protocol/index.ts'
import type { EnvAction } from './action.ts'
import { EnvBase } from './env-base.ts'
import type { EnvOptions, ResetOptions, StepResult } from './env-options.ts'
import type { Observation } from './observation.ts'

/**
 * A generated world as an environment, in Gymnasium's words: `reset`, `step`, `close`.
 *
 * Over an in-process backend (`createEnv` of `@sora-world/server`) the world stands still between two steps and goes as
 * fast as the machine can; over a room (`RoomBackend`) it goes on in real time and others watch.
 */
export class WorldEnv extends EnvBase {
  readonly #options: EnvOptions

  /**
   * @param backend the environment's from now on: `close` closes it
   * @throws SoraError `option-invalid`, `prompt-empty`, `prompt-too-long`
   */
  constructor(backend: EnvBackend, options: EnvOptions = {}) {
    if (backend.worlds !== 1) throw new SoraError('option-invalid', `${backend.worlds} worlds: take a VecEnv for them`)
    super(backend, options)
    this.#options = options
  }

  /** The world does not wait for a slow policy. */
  get isRealTime(): boolean {
    return this.core.backend.isRealTime
  }

  /** Random seed of the present episode. */
  get rngSeed(): number {
    return this.core.episodes[0]!.rngSeed
  }

  /** The newest observation; null before the first reset. */
  get observation(): Observation | null {
    return this.core.episodes[0]!.observation
  }

  /**
   * Starts an episode: the first view of a new world.
   *
   * @throws SoraError `option-invalid`, `prompt-empty`, `prompt-too-long`, `env-state`, and what the backend throws
   */
  async reset(options: ResetOptions = {}): Promise<Observation> {
    const [observation] = await this.core.reset([0], [options])
    return observation!
  }

  /**
   * Acts for one step and sees what comes of it.
   *
   * @throws SoraError `action-invalid`, nothing has moved then; `env-state` before a reset, after an end, or while
   *   another call is under way; what the backend throws, the episode is over then
   */
  async step(action: EnvAction): Promise<StepResult> {
    const [result] = await this.core.step([{ world: 0, action }])
    return result!
  }

  /** Something happens in the world: "it starts to rain". @throws SoraError `prompt-empty`, `prompt-too-long` */
  async say(text: string): Promise<void> {
    await this.core.backend.say(0, cleanPromptText(text, LIMITS.eventLength))
  }

  /**
   * The world as it is now, as a file: {@link restore} goes on from it, as do a room and the command line.
   *
   * @throws SoraError `env-state` before the first reset; in a room as `WorldClient.snapshot`
   */
  snapshot(): Promise<Uint8Array> {
    return this.core.snapshot(0)
  }

  /**
   * Starts an episode with a world that was kept, and sees what was seen last. Its time goes on; so does where the player
   * is, when an environment wrote the file. A reward that remembers starts anew.
   *
   * @throws SoraError `world-invalid`, `world-version`, `world-mismatch` (another model or picture size) with nothing
   *   changed; `env-state`
   */
  async restore(bytes: Uint8Array): Promise<Observation> {
    const [observation] = await this.core.restore([{ world: 0, bytes }])
    return observation!
  }

  /**
   * Environments that go on from this moment, each on its own and with the same options; close every one of them. In a
   * room each branch is a room of its own.
   *
   * @throws SoraError `option-invalid`, `env-state` before the first reset; in a room `busy` and as `WorldClient.fork`
   */
  async fork(count = 1): Promise<WorldEnv[]> {
    const backends = await this.core.fork(0, count)
    return backends.map((backend) => {
      const branch = new WorldEnv(backend, this.#options)
      branch.core.episodes[0]!.branchOff(this.core.episodes[0]!)
      return branch
    })
  }
}
