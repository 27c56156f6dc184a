import type { ModelManifest } from '@sora-world/sdk/protocol'
import { captionInForce } from '../conditioning/caption.ts'
import type { CommittedChunk, RolloutSpec } from '../worker/model-worker.ts'

/** What fixes a world. */
export interface WorldStart {
  /** Counts the worlds of the room. */
  index: number
  prompt: string
  spec: RolloutSpec
}

/** Older events no longer fit into a caption. */
const MAX_EVENTS = 16

/** One world from its prompt on: what fixes it, what happened in it, and enough of its past to take it up again. */
export class WorldRun {
  readonly index: number
  readonly prompt: string
  readonly spec: RolloutSpec
  /** The worker has it. */
  isOpen = false
  readonly #captionWords: number
  readonly #keepChunks: number
  #events: readonly string[] = []
  #history: readonly CommittedChunk[] = []

  constructor(manifest: ModelManifest, { index, prompt, spec }: WorldStart) {
    this.index = index
    this.prompt = prompt
    this.spec = spec
    this.#captionWords = manifest.text.length
    // What `ModelWorker` needs to go on exactly where it stopped.
    this.#keepChunks = manifest.denoiser.layers * manifest.denoiser.contextChunks + 1
  }

  /** The caption of the next chunk. */
  get caption(): string {
    return captionInForce(this.prompt, this.#events, this.#captionWords)
  }

  addEvent(text: string): void {
    this.#events = [...this.#events, text].slice(-MAX_EVENTS)
  }

  /** The last committed chunks, enough to take the world up again; oldest first. */
  get history(): readonly CommittedChunk[] {
    return this.#history
  }

  /** Index of the chunk to make next. */
  get nextIndex(): number {
    return (this.#history.at(-1)?.index ?? -1) + 1
  }

  commit(chunk: CommittedChunk): void {
    this.#history = [...this.#history, chunk].slice(-this.#keepChunks)
  }
}
