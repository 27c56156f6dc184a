import type { Clock } from './clock.ts'

interface Timer {
  atMs: number
  run: () => void
}

/** A clock that moves only when told: minutes of streaming pass in milliseconds of test time. */
export class VirtualClock implements Clock {
  #nowMs: number
  #timers = new Set<Timer>()

  constructor(startMs = 0) {
    this.#nowMs = startMs
  }

  /** Timers still waiting; zero after a clean close. */
  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#nowMs
  }

  setTimeout(run: () => void, delayMs: number): unknown {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), run }
    this.#timers.add(timer)
    return timer
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as Timer)
  }

  /** Moves time on, running due timers in order; promise chains settle before each timer and at the end. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await settle()
    for (let timer = this.#nextUntil(endMs); timer; timer = this.#nextUntil(endMs)) {
      this.#timers.delete(timer)
      this.#nowMs = Math.max(this.#nowMs, timer.atMs)
      timer.run()
      await settle()
    }
    this.#nowMs = endMs
  }

  #nextUntil(endMs: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.atMs <= endMs && (!next || timer.atMs < next.atMs)) next = timer
    }
    return next
  }
}

/** Lets every promise that is ready run to its end, however long its chain: a macrotask comes after all of them. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel()
    channel.port1.onmessage = () => {
      channel.port1.close()
      resolve()
    }
    channel.port2.postMessage(null)
  })
}
