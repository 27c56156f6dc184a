import type { CommittedChunk, RolloutSpec } from '../worker/model-worker.ts'

/** One world from its prompt on: what fixes it, what happened in it, and enough of its past to take it up again. */
export class WorldRun {
  readonly spec: RolloutSpec
  /** Counts the worlds of the room. */
  readonly index: number
  readonly prompt: string
  readonly events: string[] = []
  readonly #keepChunks: number
  #history: CommittedChunk[] = []
  /** The worker has it. */
  isOpen = false

  /** `keepChunks`: context window of the model in chunks. */
  constructor(index: number, spec: RolloutSpec, prompt: string, keepChunks: number) {
    this.index = index
    this.spec = spec
    this.prompt = prompt
    this.#keepChunks = keepChunks
  }

  /** The last committed chunks, oldest first. */
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
