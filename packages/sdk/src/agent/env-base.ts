import type { EnvBackend, FrameSize, ModelManifest } from '../protocol/index.ts'
import { mostTurn } from './action.ts'
import { EnvCore } from './env-core.ts'
import type { EnvOptions } from './env-options.ts'
import type { ShownChunk } from './episode.ts'

/** What is the same for an environment of one world and of several. */
export abstract class EnvBase {
  protected readonly core: EnvCore

  /**
   * @param backend the environment's from now on: `close` closes it
   * @throws SoraError `option-invalid`, `prompt-empty`, `prompt-too-long`
   */
  constructor(backend: EnvBackend, options: EnvOptions) {
    this.core = new EnvCore(backend, options)
  }

  get manifest(): ModelManifest {
    return this.core.backend.manifest
  }

  /** Of the pictures. */
  get size(): FrameSize {
    return this.core.backend.size
  }

  /** Frames that one step brings. */
  get framesPerStep(): number {
    return this.core.framesPerStep
  }

  /** World time of one step. */
  get stepMs(): number {
    return (1000 * this.framesPerStep) / this.manifest.frames.perSecond
  }

  /** Degrees that the camera can turn in one step. */
  get maxTurn(): { yaw: number; pitch: number } {
    return mostTurn(this.manifest.actionSpace, this.framesPerStep)
  }

  /** Every chunk as it is made, first views included. Returns the function that removes the listener. */
  onChunk(listener: (chunk: ShownChunk) => void): () => void {
    return this.core.onChunk(listener)
  }

  /** Frees everything; may be called twice. */
  close(): Promise<void> {
    return this.core.close()
  }
}
