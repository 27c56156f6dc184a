import { percentile } from './percentile.ts'

export interface ChunkFigures {
  /** Worker time of one chunk of one room: a batch counts with its share. */
  p50Ms: number
  p95Ms: number
  chunks: number
  /** Chunks that were ready later than the client's buffer forgives. */
  late: number
  /** Times that a world had broken down and was started anew from its memory. */
  recoveries: number
}

/** Enough for the last 20 s of one room; old rooms' figures fade out soon. */
const WINDOW = 100
/** Below this many calls a percentile means nothing. */
const MIN_CALLS = 3

/** Measures the worker, for `/health`, for pacing and for admission. */
export class ChunkClock {
  readonly #windowMs: number[] = []
  #chunks = 0
  #late = 0
  #recoveries = 0

  /** A call of the worker, by which each of `rooms` got a chunk. */
  record(callMs: number, rooms: number): void {
    this.#chunks += rooms
    this.learn(callMs / rooms)
  }

  /** A measurement that no room got anything from. */
  learn(chunkMs: number): void {
    this.#windowMs.push(chunkMs)
    if (this.#windowMs.length > WINDOW) this.#windowMs.shift()
  }

  recordLate(): void {
    this.#late++
  }

  recordRecovery(): void {
    this.#recoveries++
  }

  figures(): ChunkFigures {
    return {
      p50Ms: percentile(this.#windowMs, 0.5),
      p95Ms: percentile(this.#windowMs, 0.95),
      chunks: this.#chunks,
      late: this.#late,
      recoveries: this.#recoveries,
    }
  }

  /** Rooms that fit into real time with a tenth to spare; 1 until there is a measurement. */
  capacity(chunkMs: number): number {
    if (this.#windowMs.length < MIN_CALLS) return 1
    return Math.max(1, Math.floor((chunkMs / this.figures().p95Ms) * 0.9))
  }
}
