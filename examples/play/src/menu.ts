import { element } from './element.ts'
import { PRESETS, type Preset, pictureOf } from './presets.ts'

export interface MenuActions {
  play(): void
  newWorld(prompt: string, rngSeed?: number): void
}

/** Title, box for a new world, cards of worlds to start with. */
export class Menu {
  readonly #prompt = element<HTMLInputElement>('prompt')
  readonly #play = element<HTMLButtonElement>('play')
  readonly #create = element('new-world').querySelector('button[type=submit]') as HTMLButtonElement
  readonly #cards = element('presets')
  #shownPrompt = ''

  constructor(actions: MenuActions) {
    this.#play.addEventListener('click', () => actions.play())
    element('new-world').addEventListener('submit', (submit) => {
      submit.preventDefault()
      const prompt = this.#prompt.value.trim()
      if (prompt) actions.newWorld(prompt)
      else this.#prompt.focus()
    })
    const choose = ({ prompt, rngSeed }: Preset) => {
      this.#prompt.value = prompt
      actions.newWorld(prompt, rngSeed)
    }
    this.#cards.replaceChildren(...PRESETS.map((preset) => presetCard(preset, choose)))
  }

  /** The prompt of the world that is played stands in the box; what the player is writing is left alone. */
  setPrompt(prompt: string): void {
    if (prompt === this.#shownPrompt) return
    this.#shownPrompt = prompt
    if (document.activeElement !== this.#prompt) this.#prompt.value = prompt
  }

  setPlayLabel(label: 'Play' | 'Resume' | 'Watch'): void {
    this.#play.textContent = label
  }

  setModelLine(words: string): void {
    element('model-line').textContent = words
  }

  /** While a new world is on its way, another cannot be asked for. */
  setBusy(isBusy: boolean): void {
    this.#create.disabled = isBusy
    this.#create.textContent = isBusy ? 'Making it…' : 'New world'
    for (const card of this.#cards.querySelectorAll('button')) card.disabled = isBusy
  }

  focusPlay(): void {
    this.#play.focus({ preventScroll: true })
  }
}

function presetCard(preset: Preset, choose: (preset: Preset) => void): HTMLLIElement {
  const card = Object.assign(document.createElement('button'), { type: 'button', className: 'card' })
  const picture = Object.assign(document.createElement('img'), { src: pictureOf(preset), alt: '', draggable: false })
  const words = Object.assign(document.createElement('span'), { textContent: preset.prompt })
  card.append(picture, words)
  card.addEventListener('click', () => choose(preset))
  const item = document.createElement('li')
  item.append(card)
  return item
}
