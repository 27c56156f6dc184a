import type { Clock } from '../clock.ts'

export interface MemoryLinkOptions {
  /** One way, in milliseconds. */
  latencyMs?: number
  /** Added on top: uniform between 0 and this. */
  jitterMs?: number
  /** Share of packets that never arrive, 0..1; messages are reliable. */
  loss?: number
  /** Uniform in [0, 1); give a seeded one for repeatable tests. */
  rng?: () => number
}

/** One direction of a simulated connection: keeps order, adds delay, loses packets. */
export class MemoryLink {
  readonly #clock: Clock
  readonly #latencyMs: number
  readonly #jitterMs: number
  readonly #loss: number
  readonly #rng: () => number
  #lastArrivalMs = 0
  #timers = new Set<unknown>()
  #underWay: (() => void)[] = []

  constructor(clock: Clock, { latencyMs = 0, jitterMs = 0, loss = 0, rng = Math.random }: MemoryLinkOptions = {}) {
    this.#clock = clock
    this.#latencyMs = latencyMs
    this.#jitterMs = jitterMs
    this.#loss = loss
    this.#rng = rng
  }

  reliable(arrive: () => void): void {
    const delayMs = this.#latencyMs + this.#jitterMs * this.#rng()
    // A late message holds up those behind it, as TCP does.
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#clock.now() + delayMs)
    this.#underWay.push(arrive)
    const timer = this.#clock.setTimeout(
      () => {
        this.#timers.delete(timer)
        // Timers of a real clock may fire out of order when they are due together; the queue does not.
        this.#underWay.shift()?.()
      },
      Math.max(0, this.#lastArrivalMs - this.#clock.now()),
    )
    this.#timers.add(timer)
  }

  packet(arrive: () => void): void {
    if (this.#rng() >= this.#loss) this.reliable(arrive)
  }

  /** Loses everything that is under way. */
  cut(): void {
    for (const timer of this.#timers) this.#clock.clearTimeout(timer)
    this.#timers.clear()
    this.#underWay = []
    this.#lastArrivalMs = 0
  }
}
