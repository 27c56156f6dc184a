/** Where the bar is drawn; a terminal's `isTTY` decides whether it is. */
export interface ProgressStream {
  isTTY?: boolean
  write(text: string): unknown
}

const WIDTH = 24

/** One line on a terminal that is drawn over and over; silent elsewhere, so that logs stay clean. */
export class ProgressBar {
  readonly #stream: ProgressStream
  readonly #total: number

  constructor(stream: ProgressStream, total: number) {
    this.#stream = stream
    this.#total = total
  }

  update(done: number, note: string): void {
    if (!this.#stream.isTTY) return
    const filled = Math.round((WIDTH * done) / this.#total)
    const bar = '#'.repeat(filled) + '-'.repeat(WIDTH - filled)
    this.#stream.write(`\r[${bar}] ${done}/${this.#total} ${note}\u001b[K`)
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K')
  }
}
