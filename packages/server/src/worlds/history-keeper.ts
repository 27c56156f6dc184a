import type { CommittedChunk, RolloutMark } from '../worker/model-worker.ts'

export interface HistoryNeeds {
  /** Chunks that the cache needs, see `historyReach`. */
  reach: number
  /** The rollout has a world memory: its history begins at a mark, or at the start. */
  hasMemory: boolean
  /** Chunks that one can go back; none by default. */
  rewind?: number
}

/** Enough to take a world up again exactly. */
export interface History {
  /** Oldest first. */
  chunks: readonly CommittedChunk[]
  /** Of the first chunk; missing at the start of a world, and without world memory. */
  mark?: RolloutMark
}

/** The last chunks of a world that is being played: as few as let it be taken up again exactly, now or some time back. */
export class HistoryKeeper {
  readonly #needs: HistoryNeeds
  #chunks: readonly CommittedChunk[]
  /** Oldest first. */
  #marks: readonly RolloutMark[]

  constructor(needs: HistoryNeeds, chunks: readonly CommittedChunk[] = [], mark?: RolloutMark) {
    this.#needs = needs
    this.#chunks = chunks
    this.#marks = mark ? [mark] : []
  }

  /** @param mark that came with the chunk */
  add(chunk: CommittedChunk, mark?: RolloutMark): void {
    this.#chunks = [...this.#chunks, chunk]
    if (mark) this.#marks = [...this.#marks, mark]
    const first = this.#firstNeeded(chunk.index + 1 - (this.#needs.rewind ?? 0))
    this.#chunks = this.#chunks.slice(Math.max(0, first - this.#chunks[0]!.index))
    this.#marks = this.#marks.filter(({ index }) => index >= first)
  }

  /** What a rollout needs to make chunk `next`; undefined when too little of it is left. */
  at(next: number): History | undefined {
    const oldest = this.#chunks[0]?.index ?? next
    const first = Math.max(0, this.#firstNeeded(next))
    if (first < oldest || (first < next && first > 0 && next - first < this.#needs.reach)) return undefined
    const chunks = this.#chunks.slice(first - oldest, next - oldest)
    return { chunks, mark: this.#marks.find(({ index }) => index === first && first < next) }
  }

  #firstNeeded(next: number): number {
    const { reach, hasMemory } = this.#needs
    if (!hasMemory) return next - reach
    return this.#marks.findLast(({ index }) => index <= next - reach)?.index ?? 0
  }
}
