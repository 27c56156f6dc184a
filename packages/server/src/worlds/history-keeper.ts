import type { CommittedChunk, RolloutMark } from '../worker/model-worker.ts'

export interface HistoryNeeds {
  /** Chunks that the cache needs, see `historyReach`. */
  reach: number
  /** The rollout has a world memory: its history begins at a mark, or at the start. */
  hasMemory: boolean
}

/** The last chunks of a world that is being played: as few as let it be taken up again exactly. */
export class HistoryKeeper {
  readonly #needs: HistoryNeeds
  #chunks: readonly CommittedChunk[]
  /** Oldest first; the first is the one that the history begins at. */
  #marks: readonly RolloutMark[]

  constructor(needs: HistoryNeeds, chunks: readonly CommittedChunk[] = [], mark?: RolloutMark) {
    this.#needs = needs
    this.#chunks = chunks
    this.#marks = mark ? [mark] : []
  }

  /** Oldest first. */
  get chunks(): readonly CommittedChunk[] {
    return this.#chunks
  }

  /** Of the first chunk; missing at the start of a world, and without world memory. */
  get mark(): RolloutMark | undefined {
    const [mark] = this.#marks
    return mark && mark.index === this.#chunks[0]?.index ? mark : undefined
  }

  /** @param mark that came with the chunk */
  add(chunk: CommittedChunk, mark?: RolloutMark): void {
    this.#chunks = [...this.#chunks, chunk]
    if (mark) this.#marks = [...this.#marks, mark]
    const first = this.#firstNeeded(chunk.index + 1)
    this.#chunks = this.#chunks.slice(Math.max(0, first - this.#chunks[0]!.index))
    this.#marks = this.#marks.filter(({ index }) => index >= first)
  }

  #firstNeeded(next: number): number {
    const { reach, hasMemory } = this.#needs
    if (!hasMemory) return next - reach
    return this.#marks.findLast(({ index }) => index <= next - reach)?.index ?? this.#chunks[0]!.index
  }
}
