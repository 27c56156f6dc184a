/** First come, first served: keeps who runs and who waits. Leaving gives up the place. */
export class WaitingLine<T> {
  readonly admitted = new Set<T>()
  readonly #waiting = new Set<T>()

  /** To the end of the line, unless already in it or admitted. */
  join(entry: T): void {
    if (!this.admitted.has(entry)) this.#waiting.add(entry)
  }

  leave(entry: T): void {
    this.admitted.delete(entry)
    this.#waiting.delete(entry)
  }

  /** Admits from the front while fewer than `max` run; says who came in. Nobody is thrown out when `max` falls. */
  admit(max: number): T[] {
    const entered: T[] = []
    for (const entry of this.#waiting) {
      if (this.admitted.size >= max) break
      this.#waiting.delete(entry)
      this.admitted.add(entry)
      entered.push(entry)
    }
    return entered
  }

  /** 0 for those who run, 1, 2, ... for those who wait. */
  *positions(): Iterable<[T, number]> {
    for (const entry of this.admitted) yield [entry, 0]
    let position = 1
    for (const entry of this.#waiting) yield [entry, position++]
  }
}
