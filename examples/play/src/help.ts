import { Dialog } from './dialog.ts'
import { element } from './element.ts'

type Rows = readonly (readonly [control: string, what: string])[]

const KEYS: Rows = [
  ['Mouse', 'look around'],
  ['W A S D', 'walk'],
  ['Space', 'jump'],
  ['R or Ctrl', 'sprint'],
  ['Shift', 'sneak'],
  ['Left button', 'break a block'],
  ['Right button', 'place a block'],
  ['1 – 9, wheel', 'choose a block'],
  ['T or Enter', 'make something happen'],
  ['V', 'record a clip'],
  ['K', 'save this world'],
  ['C', 'take over the controls of a shared world'],
  ['F3', 'figures'],
  ['Esc', 'menu; the world waits'],
]

const TOUCH: Rows = [
  ['Left half', 'walk, as with a stick'],
  ['Right half', 'look around'],
  ['Tap there', 'break a block'],
  ['Hold there', 'place a block'],
  ['Round buttons', 'jump, sneak, break, place'],
]

const PAD: Rows = [
  ['Sticks', 'walk and look'],
  ['A', 'jump'],
  ['Triggers', 'break and place'],
  ['Shoulders', 'choose a block'],
]

/** The dialog that says which key does what. */
export class Help {
  readonly #dialog = new Dialog('help')

  constructor() {
    fill('key-list', KEYS)
    fill('touch-list', TOUCH)
    fill('pad-list', PAD)
  }

  open(): void {
    this.#dialog.open()
  }
}

function fill(id: string, rows: Rows): void {
  const cell = (tag: 'dt' | 'dd', text: string) => Object.assign(document.createElement(tag), { textContent: text })
  element(id).replaceChildren(...rows.flatMap(([control, what]) => [cell('dt', control), cell('dd', what)]))
}
