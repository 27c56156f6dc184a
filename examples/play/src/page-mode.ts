/** What the player is doing; the style sheet shows and hides parts of the page by it. */
export type PageMode = 'loading' | 'menu' | 'playing' | 'saying'

type Listener = (mode: PageMode) => void

export class Mode {
  #mode: PageMode = 'loading'
  readonly #listeners: Listener[] = []

  get current(): PageMode {
    return this.#mode
  }

  enter(mode: PageMode): void {
    if (mode === this.#mode) return
    this.#mode = mode
    document.body.dataset.mode = mode
    for (const listener of this.#listeners) listener(mode)
  }

  onChange(listener: Listener): void {
    this.#listeners.push(listener)
  }
}
