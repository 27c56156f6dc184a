import { addFocusLoss, type InputDevice, isTextField, Listeners } from './device.ts'
import type { InputState } from './input-state.ts'
import { isPressButton, type Keymap, keymapFor } from './keymap.ts'

const SOURCE = 'keyboard'

export interface KeyboardOptions {
  keymap?: Keymap
  /** Where to listen; the window by default. */
  target?: Window | HTMLElement
}

/** Keys to buttons. Ignores keys while a text field has the focus, and those with Alt or Meta held. */
export class Keyboard implements InputDevice {
  readonly #input: InputState
  readonly #keymap: Keymap
  readonly #listeners = new Listeners()
  /** Two keys may hold one button. */
  readonly #down = new Set<string>()

  constructor(input: InputState, { keymap, target = globalThis.window }: KeyboardOptions = {}) {
    this.#input = input
    this.#keymap = keymapFor(input.space, keymap)
    this.#listeners.add<KeyboardEvent>(target, 'keydown', (event) => this.#onDown(event))
    // Keys go up wherever the focus is by then.
    this.#listeners.add<KeyboardEvent>(target, 'keyup', (event) => this.#onUp(event))
    addFocusLoss(this.#listeners, () => this.#releaseAll())
  }

  connect(): void {
    this.#listeners.on()
  }

  disconnect(): void {
    this.#listeners.off()
    this.#releaseAll()
  }

  dispose(): void {
    this.disconnect()
  }

  #onDown(event: KeyboardEvent): void {
    const button = this.#keymap[event.code]
    if (!button || event.altKey || event.metaKey || isTextField(event.target)) return
    // Space would scroll the page, Ctrl+S would save it.
    event.preventDefault()
    if (event.repeat || this.#down.has(event.code)) return
    if (isPressButton(this.#input.space, button)) {
      this.#input.press(button)
      return
    }
    this.#down.add(event.code)
    this.#input.hold(button, true, `${SOURCE}:${event.code}`)
  }

  #onUp(event: KeyboardEvent): void {
    const button = this.#keymap[event.code]
    if (!button || !this.#down.delete(event.code)) return
    this.#input.hold(button, false, `${SOURCE}:${event.code}`)
  }

  #releaseAll(): void {
    for (const code of this.#down) this.#input.release(`${SOURCE}:${code}`)
    this.#down.clear()
  }
}
