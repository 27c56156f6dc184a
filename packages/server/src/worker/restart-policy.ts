/** Crashes within the window after which a worker is given up. */
export const MAX_CRASHES = 5
const WINDOW_MS = 60_000
const FIRST_DELAY_MS = 100
const LAST_DELAY_MS = 5_000

/** When to start a crashed worker again: sooner after a single crash, ever later while it keeps crashing. Pure. */
export class RestartPolicy {
  #crashes: number[] = []

  /** Tells of a crash at `nowMs`; answers milliseconds to wait, or `give-up`. */
  crashed(nowMs: number): number | 'give-up' {
    this.#crashes = [...this.#crashes.filter((at) => nowMs - at < WINDOW_MS), nowMs]
    if (this.#crashes.length >= MAX_CRASHES) return 'give-up'
    return Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#crashes.length - 1))
  }
}
