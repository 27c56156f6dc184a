/**
 * When to show which frame.
 *
 * Chunks bring several frames at once, a little early or late, while the eye wants one every `frameMs`. The policy, in
 * order of importance:
 *
 * 1. **As early as possible.** There is no fixed buffer: the first frame of a chunk is due when it arrives, or one frame
 *    after the frame before it, whichever is later. What arrives late is shown at once and moves the schedule back.
 * 2. **Even.** The frames of a chunk are spread over the time that chunks really take (a running mean), so that a server
 *    that is a bit slow gives a slower world, not a stuttering one.
 * 3. **Delay is paid back.** A late chunk leaves a standing delay: all later chunks wait before they are shown. The
 *    smallest wait of the last chunks is delay that buys nothing, so frames run up to 12 % faster until it is gone.
 * 4. **Drop rather than queue.** When frames would wait longer than `maxDelayMs`, the oldest are dropped.
 *
 * No clock inside: every call says what time it is.
 */
export interface PacerOptions {
  /** Nominal time of one frame. */
  frameMs: number
  /** Longest a frame may wait beyond its place in its chunk. */
  maxDelayMs?: number
}

export type PacerDecision<F> =
  /** `dropped` frames were overtaken: never shown, to be released. */
  | { kind: 'show'; frame: F; dropped: F[] }
  /** Nothing new is due: leave the picture. `starved` when a frame should have been there by now. */
  | { kind: 'hold'; starved: boolean }

interface Scheduled<F> {
  frame: F
  dueMs: number
}

const MEAN_WEIGHT = 0.2
/** Chunks over which the smallest wait is taken. */
const WAIT_WINDOW = 8
const CATCH_UP_RATE = 0.88
/** A display refresh: waits below this are noise. */
const SPARE_WAIT_MS = 8
/** Frames due within this time of now are shown now: the next refresh would be later than their due time. */
const EARLY_MS = 4

export class FramePacer<F> {
  readonly #frameMs: number
  readonly #maxDelayMs: number
  #queue: Scheduled<F>[] = []
  #nextDueMs = Number.NEGATIVE_INFINITY
  #lastArrivalMs: number | null = null
  #chunkMs: number | null = null
  #waits: number[] = []

  constructor({ frameMs, maxDelayMs = 2 * frameMs }: PacerOptions) {
    this.#frameMs = frameMs
    this.#maxDelayMs = maxDelayMs
  }

  get queued(): number {
    return this.#queue.length
  }

  /** When the next frame is due, for callers that sleep until then; null when there is none. */
  get nextDueMs(): number | null {
    return this.#queue[0]?.dueMs ?? null
  }

  /** The frames of one chunk arrive. Returns those that are dropped, for the caller to release. */
  arrive(frames: readonly F[], nowMs: number): F[] {
    if (frames.length === 0) return []
    this.#noteArrival(nowMs)
    const waitMs = Math.max(0, this.#nextDueMs - nowMs)
    this.#noteWait(waitMs)
    const dropped = [...this.#dropOverdue(nowMs), ...this.#dropExcess(waitMs)]
    const stepMs = this.#stepMs(frames.length)
    let dueMs = Math.max(nowMs, this.#nextDueMs)
    for (const frame of frames) {
      this.#queue.push({ frame, dueMs })
      dueMs += stepMs
    }
    this.#nextDueMs = dueMs
    return dropped
  }

  /** Decides for one display refresh. */
  next(nowMs: number): PacerDecision<F> {
    let due = 0
    while (due < this.#queue.length && this.#queue[due]!.dueMs <= nowMs + EARLY_MS) due++
    if (due === 0) return { kind: 'hold', starved: this.#isStarved(nowMs) }
    const taken = this.#queue.splice(0, due)
    const last = taken.pop()!
    return { kind: 'show', frame: last.frame, dropped: taken.map(({ frame }) => frame) }
  }

  /** Another world: forgets the schedule. Returns the frames that were waiting. */
  clear(): F[] {
    const frames = this.#queue.map(({ frame }) => frame)
    this.#queue = []
    this.rest()
    return frames
  }

  /** A pause, or a gap in the connection: shows what waits, and expects nothing until the next chunk. */
  rest(): void {
    this.#nextDueMs = Number.NEGATIVE_INFINITY
    this.#lastArrivalMs = null
    this.#waits = []
  }

  #isStarved(nowMs: number): boolean {
    return this.#queue.length === 0 && Number.isFinite(this.#nextDueMs) && nowMs > this.#nextDueMs + EARLY_MS
  }

  #noteArrival(nowMs: number): void {
    if (this.#lastArrivalMs !== null) {
      const intervalMs = nowMs - this.#lastArrivalMs
      this.#chunkMs = this.#chunkMs === null ? intervalMs : this.#chunkMs + MEAN_WEIGHT * (intervalMs - this.#chunkMs)
    }
    this.#lastArrivalMs = nowMs
  }

  #noteWait(waitMs: number): void {
    this.#waits.push(waitMs)
    if (this.#waits.length > WAIT_WINDOW) this.#waits.shift()
  }

  /** Nobody looked, the page was hidden say: of what is due already only the last frame can still be shown. */
  #dropOverdue(nowMs: number): F[] {
    const due = this.#queue.filter(({ dueMs }) => dueMs <= nowMs).length
    return due > 1 ? this.#queue.splice(0, due - 1).map(({ frame }) => frame) : []
  }

  /** The queue is the delay: dropping its oldest frames moves all others forward. */
  #dropExcess(waitMs: number): F[] {
    let excessMs = waitMs - this.#maxDelayMs - this.#frameMs
    const dropped: F[] = []
    while (excessMs > 0 && this.#queue.length > 0) {
      dropped.push(this.#queue.shift()!.frame)
      this.#shift(this.#frameMs)
      excessMs -= this.#frameMs
    }
    return dropped
  }

  #shift(ms: number): void {
    for (const scheduled of this.#queue) scheduled.dueMs -= ms
    this.#nextDueMs -= ms
    this.#waits = this.#waits.map((waitMs) => Math.max(0, waitMs - ms))
  }

  #stepMs(count: number): number {
    const meanMs = (this.#chunkMs ?? this.#frameMs * count) / count
    // A stall must not turn into slow motion, nor a burst into fast motion.
    const evenMs = Math.min(2 * this.#frameMs, Math.max(0.75 * this.#frameMs, meanMs))
    const spare = this.#waits.length === WAIT_WINDOW && Math.min(...this.#waits) > SPARE_WAIT_MS
    return spare ? evenMs * CATCH_UP_RATE : evenMs
  }
}
