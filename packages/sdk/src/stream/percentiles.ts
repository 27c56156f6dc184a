/** The last numbers of a series, and what lies in the middle and at the edge of them. */
export class Percentiles {
  readonly #size: number
  #values: number[] = []
  #next = 0
  #count = 0

  constructor(size = 256) {
    this.#size = size
  }

  /** All numbers ever added. */
  get count(): number {
    return this.#count
  }

  add(value: number): void {
    this.#values[this.#next] = value
    this.#next = (this.#next + 1) % this.#size
    this.#count++
  }

  summary(): Summary {
    const sorted = this.#values.toSorted((a, b) => a - b)
    return { p50: pick(sorted, 0.5), p95: pick(sorted, 0.95), count: this.#count }
  }
}

/** Over the last 256 values; null before the first. */
export interface Summary {
  p50: number | null
  p95: number | null
  /** Values seen since the start. */
  count: number
}

function pick(sorted: readonly number[], share: number): number | null {
  // Nearest rank: always a value that really occurred.
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null
}
