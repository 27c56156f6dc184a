import { element } from './element.ts'

const SHOWN_MS = 3200

/** One line that comes and goes. A new one replaces the old. */
export class Toast {
  readonly #line = element('toast')
  #timer: ReturnType<typeof setTimeout> | undefined

  say(words: string): void {
    clearTimeout(this.#timer)
    this.#line.textContent = words
    this.#timer = setTimeout(() => (this.#line.textContent = ''), SHOWN_MS)
  }
}
