import type { ModelManifest } from '@sora-world/sdk/protocol'
import { captionInForce } from '../conditioning/caption.ts'
import type { ChunkJob, ChunkResult, CommittedChunk, RolloutMark, RolloutSpec } from '../worker/model-worker.ts'
import { hashLatent } from '../worlds/hash-latent.ts'
import { HistoryKeeper } from '../worlds/history-keeper.ts'
import { historyReach } from '../worlds/history-reach.ts'
import { LogKeeper } from '../worlds/log-keeper.ts'
import { modelId } from '../worlds/model-id.ts'
import type { Maker, WorldValue } from '../worlds/world-value.ts'

/** What fixes a world. */
export interface WorldStart {
  /** Counts the worlds of the room. */
  index: number
  prompt: string
  spec: RolloutSpec
  /** What makes the chunks. */
  maker: Maker
  /** Goes on from there; its prompt, size, steps and random seed are those of the spec. */
  value?: WorldValue
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
  readonly #manifest: ModelManifest
  readonly #maker: Maker
  readonly #log: LogKeeper
  readonly #history: HistoryKeeper
  #events: readonly string[]

  constructor(manifest: ModelManifest, { index, prompt, spec, maker, value }: WorldStart) {
    this.index = index
    this.prompt = prompt
    this.spec = spec
    this.#manifest = manifest
    this.#maker = maker
    this.#events = value?.events ?? []
    this.#log = new LogKeeper(value?.log)
    const hasMemory = Boolean(manifest.memory) && spec.memory !== false
    this.#history = new HistoryKeeper({ reach: historyReach(manifest), hasMemory }, value?.history, value?.mark)
  }

  /** The caption of the next chunk. */
  get caption(): string {
    return captionInForce(this.prompt, this.#events, this.#manifest.text.length)
  }

  addEvent(text: string): void {
    this.#events = [...this.#events, text].slice(-MAX_EVENTS)
  }

  /** The last committed chunks, enough to take the world up again; oldest first. */
  get history(): readonly CommittedChunk[] {
    return this.#history.chunks
  }

  /** What the worker knew before the history. */
  get mark(): RolloutMark | undefined {
    return this.#history.mark
  }

  /** Index of the chunk to make next. */
  get nextIndex(): number {
    return this.#log.next
  }

  commit({ index, actions, caption }: ChunkJob, { latent, pose, mark, batch = 1 }: ChunkResult): void {
    this.#history.add({ index, latent, actions, caption, pose }, mark)
    this.#log.add({ actions, caption, hash: hashLatent(latent), batch, maker: this.#maker })
  }

  /** The world as it is now, between two chunks. */
  value(createdAt: Date, picture?: Uint8Array): WorldValue {
    const { size, steps, rngSeed, memory = true } = this.spec
    return {
      model: modelId(this.#manifest),
      size,
      steps,
      rngSeed,
      memory,
      prompt: this.prompt,
      events: this.#events,
      next: this.nextIndex,
      log: this.#log.value(),
      history: this.history,
      mark: this.mark,
      createdAt: createdAt.toISOString(),
      picture,
    }
  }
}
