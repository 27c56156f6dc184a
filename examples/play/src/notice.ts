import type { Words } from './connection-words.ts'
import { element } from './element.ts'

/** The card in the middle of the page that says what is going on, or what went wrong. */
export class Notice {
  readonly #card = element('notice')
  readonly #title = element('notice-title')
  readonly #detail = element('notice-detail')
  readonly #progress = element<HTMLProgressElement>('notice-progress')
  readonly #retry = element<HTMLButtonElement>('notice-retry')

  constructor(retry: () => void) {
    this.#retry.addEventListener('click', retry)
  }

  /** `null` hides the card. Showing the same words again changes nothing, so that screen readers stay calm. */
  show(words: Words | null): void {
    this.#card.hidden = words === null
    if (!words) return
    setText(this.#title, words.title)
    setText(this.#detail, words.detail)
    this.#card.dataset.tone = words.tone
    this.#card.dataset.size = words.isSmall ? 'small' : 'large'
    this.#retry.hidden = !words.retryLabel
    setText(this.#retry, words.retryLabel ?? '')
    this.#progress.hidden = words.tone !== 'wait'
    if (words.fraction === undefined) this.#progress.removeAttribute('value')
    else this.#progress.value = words.fraction
  }
}

function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text
}
