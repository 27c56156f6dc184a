import type { ModelManifest } from '@sora-world/sdk/protocol'
import { captionInForce } from '../conditioning/caption.ts'
import type { ChunkJob, ChunkResult, CommittedChunk, RolloutMark, RolloutSpec } from '../worker/model-worker.ts'
import { hashLatent } from '../worlds/hash-latent.ts'
import { type History, HistoryKeeper } from '../worlds/history-keeper.ts'
import { historyReach } from '../worlds/history-reach.ts'
import { type Keyframe, KeyframeKeeper } from '../worlds/keyframe-keeper.ts'
import { LogKeeper, type PlannedChunk } from '../worlds/log-keeper.ts'
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
  /** How far one can go back at once; a minute by default. With 0 nothing is kept to go back to. */
  rewindChunks?: number
  /** What happens first, before anybody decides: see {@link WorldRun.wayBack}. */
  way?: WayBack
}

/** How a world comes to an earlier moment of another again: from `value` on, by the chunks that were made then. */
export interface WayBack {
  value: WorldValue
  /** To be made again first; empty when the moment itself is kept. */
  chunks: readonly PlannedChunk[]
  /** In force at its end. */
  events: readonly From<string>[]
  /** For those who go back again. */
  keyframes: readonly Keyframe[]
}

type CommittedJob = Pick<ChunkJob, 'index' | 'actions' | 'caption'>
type CommittedResult = Pick<ChunkResult, 'latent' | 'pose' | 'mark' | 'batch'>

/** Older events no longer fit into a caption. */
const MAX_EVENTS = 16
/** Some more, for those who go back. */
const KEPT_EVENTS = 64
/** How far one can go back at once: a minute. What is longer ago is made again from a keyframe. */
const REWIND_CHUNKS = 300

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
  readonly #keyframes: KeyframeKeeper
  readonly #reach: number
  readonly #canRewind: boolean
  readonly #way: WayBack | undefined
  /** With the chunk before which each was said; -1 when that is not known. */
  #events: readonly From<string>[] = []

  constructor(
    manifest: ModelManifest,
    { index, prompt, spec, maker, way, value = way?.value, rewindChunks: rewind = REWIND_CHUNKS }: WorldStart,
  ) {
    this.index = index
    this.prompt = prompt
    this.spec = spec
    this.#manifest = manifest
    this.maker = maker
    this.#way = way
    this.#log = new LogKeeper(value?.log)
    if (way) this.#events = way.events
    else this.setEvents(value?.events ?? [])
    this.#keyframes = new KeyframeKeeper(way?.keyframes)
    this.#reach = historyReach(manifest)
    this.#canRewind = rewind > 0
    const hasMemory = Boolean(manifest.memory) && spec.memory !== false
    this.#history = new HistoryKeeper({ reach: this.#reach, hasMemory, rewind }, value?.history, value?.mark)
  }

  /** The chunk to make next when it is one that was made before; undefined when somebody decides. */
  get planned(): PlannedChunk | undefined {
    return this.#way?.chunks[this.nextIndex - this.#way.value.next]
  }

  /** Before this chunk somebody decides again. */
  get catchUpTo(): number {
    return this.#way ? this.#way.value.next + this.#way.chunks.length : 0
  }

  /** The caption of the next chunk. */
  get caption(): string {
    return this.planned?.caption ?? captionInForce(this.prompt, this.events, this.#manifest.text.length)
  }

  /** In force, oldest first. */
  get events(): readonly string[] {
    return this.#events.slice(-MAX_EVENTS).map(({ value }) => value)
  }

  setEvents(events: readonly string[]): void {
    const known = this.#events
    this.#events = events.map(
      (value) => known.find((event) => event.value === value) ?? { chunk: whenSaid(value, this.#log.captions), value },
    )
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
    this.#keepKeyframe()
  }

  /** The world as it is now, between two chunks. */
  value(createdAt: Date, picture?: Uint8Array): WorldValue {
    const next = this.nextIndex
    return { ...this.#at({ next, history: this.#history.at(next)! }), createdAt: createdAt.toISOString(), picture }
  }

  /**
   * How to come to before chunk `next` again: from that moment itself when it is kept, or from a keyframe or the start, by
   * making again what followed. Undefined for a chunk that is yet to come, or longer ago than the log reaches.
   */
  wayBack(next: number): WayBack | undefined {
    if (next > this.nextIndex || next < this.#log.first) return undefined
    const keyframes = this.#keyframes.upTo(next, this.#log.first)
    const start = this.#log.first === 0 ? { next: 0, history: { chunks: [] } } : undefined
    const past = this.#history.at(next)
    const from = past ? { next, history: past } : (keyframes.at(-1) ?? start)
    if (!from) return undefined
    const events = this.#eventsBefore(next)
    return { value: this.#at(from), chunks: this.#log.planned(from.next, next), events, keyframes }
  }

  /** The world as it was before chunk `next`, with what it takes to go on from there. */
  #at({ next, history }: { next: number; history: History }): WorldValue {
    const { size, steps, rngSeed, memory = true, guard = true } = this.spec
    return {
      ...{ model: modelId(this.#manifest), size, steps, rngSeed, memory, guard, prompt: this.prompt, next },
      events: this.#eventsBefore(next)
        .slice(-MAX_EVENTS)
        .map(({ value }) => value),
      log: this.#log.value(next),
      history: history.chunks,
      mark: history.mark,
      createdAt: new Date(0).toISOString(),
    }
  }

  #eventsBefore(next: number): readonly From<string>[] {
    return next < this.nextIndex ? this.#events.filter(({ chunk }) => chunk < next) : this.#events
  }

  /** Soon after one is due, when there is least to keep: right behind a mark. */
  #keepKeyframe(): void {
    if (!this.#canRewind || this.nextIndex < this.#keyframes.dueAt) return
    const history = this.#history.at(this.nextIndex)
    if (history?.chunks.length === this.#reach) this.#keyframes.add({ next: this.nextIndex, history })
  }
}

/** Before which chunk an event was first in force, as far as the captions tell; -1 otherwise. */
function whenSaid(event: string, captions: readonly From<string>[]): number {
  return captions.find(({ value }) => value.includes(event))?.chunk ?? -1
}
