import { element } from './element.ts'
import { fillIdeas, WORLD_IDEAS } from './presets.ts'

const KEYS = [
  ['Mouse', 'look around'],
  ['W A S D', 'walk'],
  ['Space', 'jump'],
  ['Ctrl / Shift', 'sprint / sneak'],
  ['Left button', 'break a block'],
  ['Right button', 'place a block'],
  ['1 – 9, wheel', 'choose a block'],
  ['T or Enter', 'make something happen'],
  ['C', 'take over the controls of a shared world'],
  ['F3', 'figures'],
  ['Esc', 'this menu'],
] as const

export interface MenuActions {
  play(): void
  share(): void
  newWorld(prompt: string): void
}

/** Title, box for a new world, ideas, keys. */
export class Menu {
  readonly #prompt = element<HTMLInputElement>('prompt')
  readonly #play = element<HTMLButtonElement>('play')
  #shownPrompt = ''
  readonly #create = element('new-world').querySelector('button[type=submit]') as HTMLButtonElement

  constructor(actions: MenuActions) {
    this.#play.addEventListener('click', () => actions.play())
    element('share').addEventListener('click', () => actions.share())
    element('new-world').addEventListener('submit', (submit) => {
      submit.preventDefault()
      const prompt = this.#prompt.value.trim()
      if (prompt) actions.newWorld(prompt)
    })
    fillIdeas(element('presets'), WORLD_IDEAS, (idea) => {
      this.#prompt.value = idea
      actions.newWorld(idea)
    })
    element('key-list').innerHTML = KEYS.map(([key, what]) => `<dt>${key}</dt><dd>${what}</dd>`).join('')
  }

  /** The prompt of the world that is played stands in the box; what the player is writing is left alone. */
  setPrompt(prompt: string): void {
    if (prompt === this.#shownPrompt) return
    this.#shownPrompt = prompt
    if (document.activeElement !== this.#prompt) this.#prompt.value = prompt
  }

  setWatching(isWatching: boolean): void {
    this.#play.textContent = isWatching ? 'Watch' : 'Play'
  }

  setModelLine(words: string): void {
    element('model-line').textContent = words
  }

  /** While a new world is on its way, another cannot be asked for. */
  setBusy(isBusy: boolean): void {
    this.#create.disabled = isBusy
    this.#create.textContent = isBusy ? 'Making it…' : 'New world'
  }

  focusPlay(): void {
    this.#play.focus({ preventScroll: true })
  }
}
