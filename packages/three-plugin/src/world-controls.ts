import { Gamepads, Keyboard, type Keymap, Pointer, Touch, type WorldClient } from '@sora-world/sdk'
import { EventDispatcher } from 'three'
import { ObservedInput } from './observed-input.ts'

/** What controls need of a world. */
export type ControlledWorld = Pick<WorldClient, 'input'>

export interface WorldControlsOptions {
  /** Key or mouse button (`KeyW`, `Mouse0`) to action; the SDK's default map when not given. */
  keymap?: Keymap
  /** Degrees of view per pixel of mouse. */
  mouseSensitivity?: number
  /** Degrees of view per pixel of finger. */
  touchSensitivity?: number
  invertY?: boolean
  /** A click on the element asks for the pointer; false when the application calls `lock()` itself. */
  lockOnClick?: boolean
}

export interface WorldControlsEventMap {
  /** The mouse belongs to the world now, and no longer. */
  lock: object
  unlock: object
  /** Some device did something. */
  change: object
  /** A button went down, by whatever device. */
  press: { button: string }
}

const LOCK = { type: 'lock' } as const
const UNLOCK = { type: 'unlock' } as const
const CHANGE = { type: 'change' } as const

/**
 * Keyboard, mouse, touch screen and gamepad for a generated world, used like the controls of three.
 *
 *     const controls = new WorldControls(world, renderer.domElement)
 *     controls.addEventListener('unlock', showMenu)
 *
 * Connected on construction. Leaving the page, losing the focus, `enabled = false` and `disconnect()` let go of everything
 * that is held. Gamepads have no events: call `update()` once per animation frame.
 */
export class WorldControls extends EventDispatcher<WorldControlsEventMap> {
  readonly domElement: HTMLElement
  readonly #input: ObservedInput
  readonly #keyboard: Keyboard
  readonly #pointer: Pointer
  readonly #touch: Touch
  readonly #gamepads: Gamepads
  #isConnected = false
  #isEnabled = true
  #isLocked = false

  constructor(world: ControlledWorld, domElement: HTMLElement, options: WorldControlsOptions = {}) {
    super()
    const { keymap, mouseSensitivity, touchSensitivity, invertY, lockOnClick } = options
    this.domElement = domElement
    this.#input = new ObservedInput(world.input, {
      changed: () => this.dispatchEvent(CHANGE),
      pressed: (button) => this.dispatchEvent({ type: 'press', button }),
    })
    this.#keyboard = new Keyboard(this.#input, { keymap })
    this.#pointer = new Pointer(this.#input, domElement, {
      keymap,
      sensitivity: mouseSensitivity,
      invertY,
      lockOnClick,
    })
    this.#touch = new Touch(this.#input, domElement, { sensitivity: touchSensitivity })
    this.#gamepads = new Gamepads(this.#input)
    this.connect()
  }

  get isLocked(): boolean {
    return this.#isLocked
  }

  /** While false, nothing that the player does reaches the world, and the pointer is free. */
  get enabled(): boolean {
    return this.#isEnabled
  }

  set enabled(isEnabled: boolean) {
    this.#isEnabled = isEnabled
    this.#switchDevices()
  }

  /** Degrees of view per pixel of mouse. */
  set mouseSensitivity(degrees: number) {
    this.#pointer.sensitivity = degrees
  }

  /** Degrees of view per pixel of finger. */
  set touchSensitivity(degrees: number) {
    this.#touch.sensitivity = degrees
  }

  set invertY(isInverted: boolean) {
    this.#pointer.invertY = isInverted
  }

  connect(): void {
    if (this.#isConnected) return
    this.#isConnected = true
    this.domElement.ownerDocument.addEventListener('pointerlockchange', this.#onLockChange)
    this.#switchDevices()
  }

  disconnect(): void {
    if (!this.#isConnected) return
    this.#isConnected = false
    this.#switchDevices()
    this.domElement.ownerDocument.removeEventListener('pointerlockchange', this.#onLockChange)
  }

  dispose(): void {
    this.disconnect()
    for (const device of this.#devices()) device.dispose()
  }

  /** Takes the mouse. Browsers allow it in answer to a click only; `lock` tells when it has happened. */
  lock(): void {
    this.#pointer.lock()
  }

  unlock(): void {
    this.#pointer.unlock()
  }

  /** Makes a button of an element on the page: the action is held as long as a finger is on it. */
  addTouchButton(element: HTMLElement, action: string): void {
    this.#touch.button(element, action)
  }

  /** Reads the gamepad. */
  update(_deltaSeconds?: number): void {
    this.#gamepads.update(performance.now())
  }

  #devices() {
    return [this.#keyboard, this.#pointer, this.#touch, this.#gamepads]
  }

  #switchDevices(): void {
    const isOn = this.#isConnected && this.#isEnabled
    for (const device of this.#devices()) {
      if (isOn) device.connect()
      else device.disconnect()
    }
  }

  readonly #onLockChange = (): void => {
    const isLocked = this.domElement.ownerDocument.pointerLockElement === this.domElement
    // The browser grants the lock a moment after it was asked: by then it may no longer be wanted.
    if (isLocked && !this.#isEnabled) this.unlock()
    else if (isLocked !== this.#isLocked) {
      this.#isLocked = isLocked
      this.dispatchEvent(isLocked ? LOCK : UNLOCK)
    }
  }
}
