import { element } from './element.ts'
import { EVENT_IDEAS, fillIdeas } from './presets.ts'

/** The box for what happens next ("it starts to rain"). Typing in it does not move the player. */
export class EventBox {
  readonly #form = element<HTMLFormElement>('event-box')
  readonly #input = element<HTMLInputElement>('event')
  readonly #close: () => void

  constructor({ say, close }: { say: (text: string) => void; close: () => void }) {
    this.#close = close
    this.#form.addEventListener('submit', (submit) => {
      submit.preventDefault()
      const text = this.#input.value.trim()
      if (text) say(text)
      close()
    })
    element('close-event').addEventListener('click', close)
    this.#form.addEventListener('keydown', this.#onKey)
    fillIdeas(element('event-ideas'), EVENT_IDEAS, (idea) => {
      say(idea)
      close()
    })
  }

  show(isShown: boolean): void {
    this.#form.hidden = !isShown
    if (!isShown) return
    this.#input.value = ''
    this.#input.focus()
  }

  readonly #onKey = (key: KeyboardEvent): void => {
    key.stopPropagation()
    if (key.key === 'Escape') this.#close()
  }
}
