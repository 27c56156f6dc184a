import { element } from './element.ts'

/**
 * A dialog of index.html: `<dialog>` brings the focus trap, Escape and the rest of the page out of reach. A click beside it
 * and every `[data-close]` close it; the focus goes back to where it was.
 */
export class Dialog {
  readonly element: HTMLDialogElement

  constructor(id: string, { opened, closed }: { opened?(): void; closed?(): void } = {}) {
    this.element = element<HTMLDialogElement>(id)
    this.#onOpen = opened
    for (const button of this.element.querySelectorAll('[data-close]'))
      button.addEventListener('click', () => this.close())
    this.element.addEventListener('click', (event) => event.target === this.element && this.close())
    this.element.addEventListener('close', () => closed?.())
    // Keys typed here are not meant for the world.
    this.element.addEventListener('keydown', (event) => event.stopPropagation())
  }

  readonly #onOpen: (() => void) | undefined

  get isOpen(): boolean {
    return this.element.open
  }

  open(): void {
    if (this.isOpen) return
    this.#onOpen?.()
    this.element.showModal()
  }

  close(): void {
    this.element.close()
  }
}
