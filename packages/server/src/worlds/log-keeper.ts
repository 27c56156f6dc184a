import { MAX_LOG_CHUNKS } from './world-header.ts'
import type { From, Maker, WorldLog } from './world-value.ts'

/** One chunk for the log. */
export interface LoggedChunk {
  /** [F,A] */
  actions: Float32Array
  caption: string
  hash: number
  batch: number
  maker: Maker
}

/** What goes into a chunk that is made again. */
export type PlannedChunk = Pick<LoggedChunk, 'actions' | 'caption'>

/** Dropped at once when the log is full, so that it seldom has to move. */
const DROPPED_CHUNKS = 1000

/** The log of a world that is being played. It reaches an hour back; the oldest chunks go first. */
export class LogKeeper {
  #first: number
  #chunks: { actions: Float32Array; hash: number; batch: number }[] = []
  #captions: From<string>[]
  #makers: From<Maker>[]

  /** @param log to go on from, left as it is */
  constructor(log?: WorldLog) {
    this.#first = log?.first ?? 0
    this.#captions = [...(log?.captions ?? [])]
    this.#makers = [...(log?.makers ?? [])]
    if (log) this.#chunks = chunksOf(log)
  }

  /** The oldest chunk that is known. */
  get first(): number {
    return this.#first
  }

  get next(): number {
    return this.#first + this.#chunks.length
  }

  add({ actions, caption, hash, batch, maker }: LoggedChunk): void {
    const chunk = this.next
    if (this.#captions.at(-1)?.value !== caption) this.#captions.push({ chunk, value: caption })
    const last = this.#makers.at(-1)?.value
    if (last?.provider !== maker.provider || last.variant !== maker.variant) this.#makers.push({ chunk, value: maker })
    this.#chunks.push({ actions, hash, batch: Math.min(255, batch) })
    if (this.#chunks.length > MAX_LOG_CHUNKS) this.#dropOldest()
  }

  /** A copy of all there is, or of what was before chunk `next`. */
  value(next = this.next): WorldLog {
    const chunks = this.#chunks.slice(0, next - this.#first)
    const width = chunks[0]?.actions.length ?? 0
    const actions = new Float32Array(chunks.length * width)
    chunks.forEach((chunk, i) => {
      actions.set(chunk.actions, i * width)
    })
    return {
      first: this.#first,
      actions,
      hashes: Uint32Array.from(chunks, ({ hash }) => hash),
      batches: Uint8Array.from(chunks, ({ batch }) => batch),
      captions: this.#captions.filter(({ chunk }) => chunk < next),
      makers: this.#makers.filter(({ chunk }) => chunk < next),
    }
  }

  get captions(): readonly From<string>[] {
    return this.#captions
  }

  /** What went into the chunks from `from` to before `to`. */
  planned(from: number, to: number): PlannedChunk[] {
    return this.#chunks
      .slice(from - this.#first, to - this.#first)
      .map(({ actions }, i) => ({ actions, caption: valueAt(this.#captions, from + i) }))
  }

  #dropOldest(): void {
    this.#chunks.splice(0, DROPPED_CHUNKS)
    this.#first += DROPPED_CHUNKS
    this.#captions = entriesFrom(this.#captions, this.#first)
    this.#makers = entriesFrom(this.#makers, this.#first)
  }
}

/** What holds at a chunk. */
export function valueAt<T>(entries: readonly From<T>[], chunk: number): T {
  return entries.findLast((entry) => entry.chunk <= chunk)!.value
}

function chunksOf({ actions, hashes, batches }: WorldLog) {
  const width = actions.length / Math.max(1, hashes.length)
  return Array.from(hashes, (hash, i) => ({
    actions: actions.subarray(i * width, (i + 1) * width),
    hash,
    batch: batches[i]!,
  }))
}

/** What still holds from `first` on, the entry in force there brought forward. */
function entriesFrom<T>(entries: readonly From<T>[], first: number): From<T>[] {
  const inForce = entries.findLastIndex(({ chunk }) => chunk <= first)
  return entries.slice(inForce).map(({ chunk, value }) => ({ chunk: Math.max(first, chunk), value }))
}
