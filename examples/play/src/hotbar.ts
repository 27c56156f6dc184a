import type { ActionSpace } from '@sora-world/sdk'
import { element } from './element.ts'

/** What the slots hold in the worlds of the bundled models: name and colour (training/sora_world/world/blocks.py). */
const BLOCKS = [
  ['Cobblestone', '#747476'],
  ['Planks', '#b28e58'],
  ['Dirt', '#866043'],
  ['Bricks', '#a45848'],
  ['Log', '#6c5032'],
  ['Lamp', '#fad67a'],
  ['Torch', '#f6be54'],
  ['White wool', '#e4e4e2'],
  ['Blue wool', '#3c54b0'],
] as const

/** Nine slots; shows the one in hand and lets a click choose another. Hidden for models without `hotbar.*` buttons. */
export class Hotbar {
  readonly #list = element('hotbar')
  readonly #buttons: HTMLButtonElement[] = []
  #slot = 0

  constructor(choose: (button: string) => void) {
    BLOCKS.forEach(([name, colour], index) => {
      const button = this.#addSlot(name, colour, index)
      button.addEventListener('click', () => {
        choose(`hotbar.${index + 1}`)
        this.select(index + 1)
      })
    })
    this.select(1)
  }

  fitTo(space: ActionSpace): void {
    this.#list.hidden = !space.buttons.some(({ name }) => name === 'hotbar.1')
  }

  /** `slot` counts from 1, as on the keys. */
  select(slot: number): void {
    this.#buttons[this.#slot]?.setAttribute('aria-pressed', 'false')
    this.#slot = slot - 1
    this.#buttons[this.#slot]?.setAttribute('aria-pressed', 'true')
  }

  #addSlot(name: string, colour: string, index: number): HTMLButtonElement {
    const item = document.createElement('li')
    item.innerHTML = `<button type="button" tabindex="-1" aria-pressed="false" title="${name}" aria-label="${name}">
      <span class="number">${index + 1}</span><span class="block" style="--block: ${colour}"></span></button>`
    const button = item.firstElementChild as HTMLButtonElement
    this.#list.append(item)
    this.#buttons.push(button)
    return button
  }
}
