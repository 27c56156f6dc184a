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

/**
 * A generated world as an environment, in Gymnasium's words: `reset`, `step`, `close`.
 *
 * Over an in-process backend (`createEnv` of `@sora-world/server`) the world stands still between two steps and goes as
 * fast as the machine can; over a room (`RoomBackend`) it goes on in real time and others watch.
 */
export class WorldEnv {
  readonly #core: EnvCore

  /**
   * @param backend the environment's from now on: `close` closes it
   * @throws SoraError `option-invalid`, `prompt-empty`, `prompt-too-long`
   */
  constructor(backend: EnvBackend, options: EnvOptions = {}) {
    if (backend.worlds !== 1) throw new SoraError('option-invalid', `${backend.worlds} worlds: take a VecEnv for them`)
    this.#core = new EnvCore(backend, options)
  }

  get manifest(): ModelManifest {
    return this.#core.backend.manifest
  }

  /** Of the pictures. */
  get size(): FrameSize {
    return this.#core.backend.size
  }

  /** The world does not wait for a slow policy. */
  get isRealTime(): boolean {
    return this.#core.backend.isRealTime
  }

  /** Frames that one step brings. */
  get framesPerStep(): number {
    return this.#core.framesPerStep
  }

  /** World time of one step. */
  get stepMs(): number {
    return (1000 * this.framesPerStep) / this.manifest.frames.perSecond
  }

  /** Degrees that the camera can turn in one step. */
  get maxTurn(): { yaw: number; pitch: number } {
    return mostTurn(this.manifest.actionSpace, this.framesPerStep)
  }

  /** Random seed of the present episode. */
  get rngSeed(): number {
    return this.#core.episodes[0]!.rngSeed
  }

  /** The newest observation; null before the first reset. */
  get observation(): Observation | null {
    return this.#core.episodes[0]!.observation
  }

  /**
   * Starts an episode: the first view of a new world.
   *
   * @throws SoraError `option-invalid`, `prompt-empty`, `prompt-too-long`, `env-state`, and what the backend throws
   */
  async reset(options: ResetOptions = {}): Promise<Observation> {
    const [observation] = await this.#core.reset([0], [options])
    return observation!
  }

  /**
   * Acts for one step and sees what comes of it.
   *
   * @throws SoraError `action-invalid`, nothing has moved then; `env-state` before a reset, after an end, or while
   *   another call is under way; what the backend throws, the episode is over then
   */
  async step(action: EnvAction): Promise<StepResult> {
    const [result] = await this.#core.step([{ world: 0, action }])
    return result!
  }

  /** Something happens in the world: "it starts to rain". @throws SoraError `prompt-empty`, `prompt-too-long` */
  async say(text: string): Promise<void> {
    await this.#core.backend.say(0, cleanPromptText(text, LIMITS.eventLength))
  }

  /** Every chunk as it is made, first views included. Returns the function that removes the listener. */
  onChunk(listener: (chunk: ShownChunk) => void): () => void {
    return this.#core.onChunk(listener)
  }

  /** Frees everything; may be called twice. */
  close(): Promise<void> {
    return this.#core.close()
  }
}
