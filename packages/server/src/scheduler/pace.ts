/** Spare time on top of the expected duration: timers and the event loop are late by a few milliseconds. */
const MARGIN_MS = 10
/** The expectation rises quickly and falls slowly, so that it covers the slow chunks and not the average one. */
const RISE = 0.5
const FALL = 0.1

/**
 * Wall-clock pacing of one rollout: chunk k is due `chunkMs` after chunk k - 1, and its generation starts only as early
 * as it usually takes, so that it reflects the newest actions. A late rollout slows down; it never catches up in a burst.
 */
export class Pace {
  readonly #chunkMs: number
  readonly #maxLeadMs: number
  #turnaroundMs: number
  #dueAt = 0
  #earliestAt = 0

  /** `maxLeadMs` bounds how far ahead of its due time a chunk may be started. */
  constructor(chunkMs: number, maxLeadMs: number, expectedMs = 0) {
    this.#chunkMs = chunkMs
    this.#maxLeadMs = maxLeadMs
    this.#turnaroundMs = expectedMs
  }

  /** Starts (again) from now: the next chunk may be made at once. */
  restart(now: number): void {
    this.#earliestAt = now
    this.#dueAt = now + this.#leadMs
  }

  get dueAt(): number {
    return this.#dueAt
  }

  get startAt(): number {
    return Math.max(this.#earliestAt, this.#dueAt - this.#leadMs)
  }

  /** A chunk came out at `now`; says how late it was (negative = early). */
  delivered(now: number): number {
    const took = now - this.startAt
    this.#turnaroundMs += (took - this.#turnaroundMs) * (took > this.#turnaroundMs ? RISE : FALL)
    const lateMs = now - this.#dueAt
    this.#earliestAt = now
    this.#dueAt = Math.max(this.#dueAt + this.#chunkMs, now + this.#leadMs)
    return lateMs
  }

  get #leadMs(): number {
    return Math.min(this.#maxLeadMs, this.#turnaroundMs + MARGIN_MS)
  }
}
