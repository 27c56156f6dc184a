import { ProgressBar, type ProgressStream } from './progress-bar.ts'

export interface EvalStreams {
  stdout: { write(text: string): unknown }
  stderr: ProgressStream
  /** Aborts between two denoise steps; Ctrl-C by default. */
  signal?: AbortSignal
}

/** A bar for the figure that is being measured, and a line for each that is done: also where there is no terminal. */
export class FigureProgress {
  readonly #stream: ProgressStream
  #figure = ''
  #started = 0
  #bar: ProgressBar | undefined

  constructor(stream: ProgressStream) {
    this.#stream = stream
  }

  update(figure: string, done: number, total: number): void {
    if (figure !== this.#figure) {
      this.end()
      this.#figure = figure
      this.#started = performance.now()
    }
    this.#bar = new ProgressBar(this.#stream, total)
    this.#bar.update(done, figure)
  }

  end(): void {
    if (this.#figure === '') return
    this.#bar?.clear()
    this.#stream.write(`${this.#figure}: ${((performance.now() - this.#started) / 1000).toFixed(1)} s\n`)
    this.#figure = ''
  }
}
