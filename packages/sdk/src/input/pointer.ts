import { addFocusLoss, type InputDevice, Listeners } from './device.ts'
import type { InputState } from './input-state.ts'
import { isPressButton, type Keymap, keymapFor } from './keymap.ts'

const SOURCE = 'pointer'
/** Degrees of view for one pixel of mouse: a hand's width turns the player once around. */
const DEGREES_PER_PIXEL = 0.15

export interface PointerOptions {
  keymap?: Keymap
  /** Degrees per pixel. */
  sensitivity?: number
  invertY?: boolean
  /** A click on the element locks the pointer; false when the app calls `lock()` itself. */
  lockOnClick?: boolean
  onLockChange?(isLocked: boolean): void
}

/** Mouse with pointer lock: movement turns the view, buttons attack and use, the wheel goes through the hotbar. */
export class Pointer implements InputDevice {
  readonly #input: InputState
  readonly #element: HTMLElement
  readonly #keymap: Keymap
  readonly #options: PointerOptions
  readonly #listeners = new Listeners()
  /** Degrees per pixel. */
  sensitivity: number
  invertY: boolean

  constructor(input: InputState, element: HTMLElement, options: PointerOptions = {}) {
    this.#input = input
    this.#element = element
    this.#options = options
    this.#keymap = keymapFor(input.space, options.keymap)
    this.sensitivity = options.sensitivity ?? DEGREES_PER_PIXEL
    this.invertY = options.invertY ?? false
    const page = element.ownerDocument
    this.#listeners.add<MouseEvent>(element, 'mousedown', (event) => this.#onDown(event))
    this.#listeners.add<MouseEvent>(page, 'mouseup', (event) => this.#onUp(event))
    this.#listeners.add<MouseEvent>(page, 'mousemove', (event) => this.#onMove(event))
    this.#listeners.add<WheelEvent>(element, 'wheel', (event) => this.#onWheel(event), { passive: false })
    this.#listeners.add<Event>(element, 'contextmenu', (event) => event.preventDefault())
    this.#listeners.add(page, 'pointerlockchange', () => this.#onLockChange())
    addFocusLoss(this.#listeners, () => this.#input.release(SOURCE))
  }

  get isLocked(): boolean {
    return this.#element.ownerDocument.pointerLockElement === this.#element
  }

  connect(): void {
    this.#listeners.on()
  }

  disconnect(): void {
    this.#listeners.off()
    this.unlock()
    this.#input.release(SOURCE)
  }

  dispose(): void {
    this.disconnect()
  }

  /** Browsers allow it only in answer to a click, and refuse for a second after the user has left with Escape. */
  lock(): void {
    try {
      const answer = this.#element.requestPointerLock() as Promise<void> | undefined
      answer?.catch(() => {})
    } catch {
      // Refused: the next click asks again.
    }
  }

  unlock(): void {
    if (this.isLocked) this.#element.ownerDocument.exitPointerLock()
  }

  #onDown(event: MouseEvent): void {
    // The click that asks for the lock is not meant for the world.
    if (!this.isLocked) {
      if (this.#options.lockOnClick !== false) this.lock()
      return
    }
    const button = this.#keymap[`Mouse${event.button}`]
    if (!button) return
    event.preventDefault()
    if (isPressButton(this.#input.space, button)) this.#input.press(button)
    else this.#input.hold(button, true, SOURCE)
  }

  #onUp(event: MouseEvent): void {
    const button = this.#keymap[`Mouse${event.button}`]
    if (button) this.#input.hold(button, false, SOURCE)
  }

  #onMove(event: MouseEvent): void {
    if (!this.isLocked) return
    const sign = this.invertY ? -1 : 1
    turnView(this.#input, event.movementX * this.sensitivity, sign * event.movementY * this.sensitivity)
  }

  #onWheel(event: WheelEvent): void {
    if (!this.isLocked) return
    event.preventDefault()
    this.#input.turnHotbar(Math.sign(event.deltaY))
  }

  #onLockChange(): void {
    if (!this.isLocked) this.#input.release(SOURCE)
    this.#options.onLockChange?.(this.isLocked)
  }
}

/** Degrees, right and down positive; axes that the model does not have are left out. */
export function turnView(input: InputState, yaw: number, pitch: number): void {
  for (const { name } of input.space.axes) {
    if (name === 'camera.yaw') input.turn(name, yaw)
    if (name === 'camera.pitch') input.turn(name, pitch)
  }
}
