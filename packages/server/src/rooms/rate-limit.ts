import { LIMITS } from '@sora-world/sdk/protocol'

/** What to do with one more message: take it, drop it, or drop it and tell the client (once per second). */
export type RateVerdict = 'take' | 'drop-and-tell' | 'drop'

const WINDOW_MS = 1000

/** Counts the messages of one client in windows of a second. */
export class RateLimit {
  readonly #perSecond: number
  #windowEndsAt = Number.NEGATIVE_INFINITY
  #count = 0

  constructor(perSecond: number = LIMITS.messagesPerSecond) {
    this.#perSecond = perSecond
  }

  /** One message came in at `now` (milliseconds). */
  take(now: number): RateVerdict {
    if (now >= this.#windowEndsAt) {
      this.#windowEndsAt = now + WINDOW_MS
      this.#count = 0
    }
    this.#count++
    if (this.#count <= this.#perSecond) return 'take'
    return this.#count === this.#perSecond + 1 ? 'drop-and-tell' : 'drop'
  }
}
