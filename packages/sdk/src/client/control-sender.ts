import type { Clock } from '../clock.ts'
import type { InputState } from '../input/input-state.ts'
import { type ControlMessage, LIMITS } from '../protocol/index.ts'

/** Between two control messages: 30 a second, faster than the model looks at them. */
const INTERVAL_MS = 1000 / 30
/** While something is held the state is sent again, so that a lost message cannot leave the player standing. */
const KEEP_ALIVE_MS = 500

export interface ControlSenderOptions {
  input: InputState
  clock: Clock
  /** False: nobody listens, keep the message. */
  canSend(): boolean
  send(message: ControlMessage): void
  /** `inputAtMs`: when the first change in this message happened. */
  onSent?(seq: number, inputAtMs: number): void
}

/**
 * Decides when the controls travel: at once on the first change, then at most every 33 ms, and while something is held
 * also every 500 ms without a change.
 */
export class ControlSender {
  readonly #options: ControlSenderOptions
  #seq = 0
  #lastSentMs = Number.NEGATIVE_INFINITY
  #timer: unknown = null
  #dueMs = Number.POSITIVE_INFINITY
  #disposed = false

  constructor(options: ControlSenderOptions) {
    this.#options = options
  }

  /** The input changed: to be called as often as it does. */
  changed(): void {
    this.#schedule(this.#lastSentMs + INTERVAL_MS)
  }

  /** Somebody listens again, after a reconnect or because control was taken: tells what is held or has changed. */
  resend(): void {
    const { input } = this.#options
    if (input.hasMore || input.held.length > 0) this.#schedule(this.#lastSentMs + INTERVAL_MS)
  }

  dispose(): void {
    this.#disposed = true
    this.#options.clock.clearTimeout(this.#timer)
    this.#timer = null
  }

  #schedule(dueMs: number): void {
    const { clock } = this.#options
    if (this.#disposed || dueMs >= this.#dueMs) return
    clock.clearTimeout(this.#timer)
    this.#dueMs = dueMs
    // Even at once is a timer: all changes of one event handler travel in one message.
    this.#timer = clock.setTimeout(() => this.#fire(), Math.max(0, dueMs - clock.now()))
  }

  #fire(): void {
    this.#timer = null
    this.#dueMs = Number.POSITIVE_INFINITY
    const { input, clock, canSend } = this.#options
    if (!canSend()) {
      // What nobody heard is over: only what is still held is told when somebody listens again.
      input.drain()
      return
    }
    this.#lastSentMs = clock.now()
    this.#send()
    if (input.hasMore) this.changed()
    else if (input.held.length > 0) this.#schedule(this.#lastSentMs + KEEP_ALIVE_MS)
  }

  #send(): void {
    const { changedAtMs, ...controls } = this.#options.input.drain(LIMITS.axisDelta)
    const seq = ++this.#seq
    this.#options.send({ seq, ...controls })
    if (changedAtMs !== null) this.#options.onSent?.(seq, changedAtMs)
  }
}
