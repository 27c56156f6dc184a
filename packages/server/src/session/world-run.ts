import type { ModelManifest } from '@sora-world/sdk/protocol'
import { captionInForce } from '../conditioning/caption.ts'
import type { ChunkJob, ChunkResult, CommittedChunk, RolloutMark, RolloutSpec } from '../worker/model-worker.ts'
import { hashLatent } from '../worlds/hash-latent.ts'
import { HistoryKeeper } from '../worlds/history-keeper.ts'
import { historyReach } from '../worlds/history-reach.ts'
import { LogKeeper } from '../worlds/log-keeper.ts'
import { modelId } from '../worlds/model-id.ts'
import type { From, Maker, WorldValue } from '../worlds/world-value.ts'

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

type CommittedJob = Pick<ChunkJob, 'index' | 'actions' | 'caption'>
type CommittedResult = Pick<ChunkResult, 'latent' | 'pose' | 'mark' | 'batch'>

/** Older events no longer fit into a caption. */
const MAX_EVENTS = 16
/** Some more, for those who go back. */
const KEPT_EVENTS = 64
/** How far one can go back: a minute. */
export const REWIND_CHUNKS = 300

/** One world from its prompt on: what fixes it, what happened in it, and enough of its past to take it up again. */
export class WorldRun {
  readonly index: number
  readonly prompt: string
  readonly spec: RolloutSpec
  readonly maker: Maker
  /** The worker has it. */
  isOpen = false
  readonly #manifest: ModelManifest
  readonly #log: LogKeeper
  readonly #history: HistoryKeeper
  /** With the chunk before which each was said; -1 when that is not known. */
  #events: readonly From<string>[] = []

  constructor(manifest: ModelManifest, { index, prompt, spec, maker, value }: WorldStart) {
    this.index = index
    this.prompt = prompt
    this.spec = spec
    this.#manifest = manifest
    this.maker = maker
    this.setEvents(value?.events ?? [])
    this.#log = new LogKeeper(value?.log)
    const hasMemory = Boolean(manifest.memory) && spec.memory !== false
    this.#history = new HistoryKeeper(
      { reach: historyReach(manifest), hasMemory, rewind: REWIND_CHUNKS },
      value?.history,
      value?.mark,
    )
  }

  /** The caption of the next chunk. */
  get caption(): string {
    return captionInForce(this.prompt, this.events, this.#manifest.text.length)
  }

  /** In force, oldest first. */
  get events(): readonly string[] {
    return this.#events.slice(-MAX_EVENTS).map(({ value }) => value)
  }

  setEvents(events: readonly string[]): void {
    this.#events = events.map((value) => ({ chunk: -1, value }))
  }

  addEvent(text: string): void {
    this.#events = [...this.#events, { chunk: this.nextIndex, value: text }].slice(-KEPT_EVENTS)
  }

  /** The last committed chunks, enough to take the world up again; oldest first. */
  get history(): readonly CommittedChunk[] {
    return this.#history.at(this.nextIndex)?.chunks ?? []
  }

  /** What the worker knew before the history. */
  get mark(): RolloutMark | undefined {
    return this.#history.at(this.nextIndex)?.mark
  }

  /** Index of the chunk to make next. */
  get nextIndex(): number {
    return this.#log.next
  }

  commit({ index, actions, caption }: CommittedJob, { latent, pose, mark, batch = 1 }: CommittedResult): void {
    this.#history.add({ index, latent, actions, caption, pose }, mark)
    this.#log.add({ actions, caption, hash: hashLatent(latent), batch, maker: this.maker })
  }

  /** The world as it is now, between two chunks. */
  value(createdAt: Date, picture?: Uint8Array): WorldValue {
    return { ...this.before(this.nextIndex)!, createdAt: createdAt.toISOString(), picture }
  }

  /** The world as it was before chunk `next`; undefined when that is too long ago. */
  before(next: number): WorldValue | undefined {
    const past = this.#history.at(next)
    if (!past || next > this.nextIndex) return undefined
    const { size, steps, rngSeed, memory = true, guard = true } = this.spec
    return {
      ...{ model: modelId(this.#manifest), size, steps, rngSeed, memory, guard, prompt: this.prompt, next },
      events: this.#eventsBefore(next),
      log: this.#log.value(next),
      history: past.chunks,
      mark: past.mark,
      createdAt: new Date(0).toISOString(),
    }
  }

  #eventsBefore(next: number): readonly string[] {
    const said = next < this.nextIndex ? this.#events.filter(({ chunk }) => chunk < next) : this.#events
    return said.slice(-MAX_EVENTS).map(({ value }) => value)
  }
}
