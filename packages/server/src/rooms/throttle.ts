/** Lets one thing per key through and then nothing for `intervalMs`. */
export class Throttle {
  readonly #intervalMs: number
  readonly #lastAt = new Map<string, number>()

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  allows(key: string, now: number): boolean {
    if (now - (this.#lastAt.get(key) ?? Number.NEGATIVE_INFINITY) < this.#intervalMs) return false
    this.#lastAt.set(key, now)
    return true
  }

  forget(key: string): void {
    this.#lastAt.delete(key)
  }
}
