/** Time as pacing sees it; tests pass a virtual one. */
export interface Clock {
  /** Milliseconds from an arbitrary start, never running backwards. */
  now(): number
  /** Calls `task` once after `delayMs`; the returned function calls it off. */
  after(delayMs: number, task: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs)
    return () => clearTimeout(timer)
  },
}
