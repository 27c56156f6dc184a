import { type Clock, SYSTEM_CLOCK } from '../clock.ts'
import { addFocusLoss, type InputDevice, Listeners } from './device.ts'
import { addStick } from './gamepad.ts'
import type { InputState } from './input-state.ts'
import { turnView } from './pointer.ts'

const STICK = 'touch:stick'
const PRESS = 'touch:press'
const BUTTON = 'touch:button'
/** Pixels from the middle of the stick to its edge. */
const STICK_RADIUS = 48
const DEGREES_PER_PIXEL = 0.3
/** Longer than this without moving is a long press. */
const LONG_PRESS_MS = 350
/** Fingers are never quite still. */
const TAP_SLOP = 10

export interface TouchOptions {
  /** Degrees per pixel. */
  sensitivity?: number
  clock?: Clock
}

interface Finger {
  startX: number
  startY: number
  x: number
  y: number
  isStick: boolean
  hasMoved: boolean
  longPress: unknown
}

/**
 * Touch screen: the left half moves like a stick, the right half turns the view; a tap there attacks, a long press uses.
 * {@link button} makes buttons of other elements.
 */
export class Touch implements InputDevice {
  readonly #input: InputState
  readonly #element: HTMLElement
  readonly #clock: Clock
  /** Degrees per pixel. */
  sensitivity: number
  readonly #listeners = new Listeners()
  readonly #fingers = new Map<number, Finger>()
  readonly #buttons: Listeners[] = []

  constructor(input: InputState, element: HTMLElement, options: TouchOptions = {}) {
    this.#input = input
    this.#element = element
    this.#clock = options.clock ?? SYSTEM_CLOCK
    this.sensitivity = options.sensitivity ?? DEGREES_PER_PIXEL
    const on = (name: string, handler: (event: PointerEvent) => void) =>
      this.#listeners.add<PointerEvent>(element, name, (event) => {
        if (event.pointerType === 'touch') handler(event)
      })
    on('pointerdown', (event) => this.#onDown(event))
    on('pointermove', (event) => this.#onMove(event))
    on('pointerup', (event) => this.#onUp(event, true))
    on('pointercancel', (event) => this.#onUp(event, false))
    // Else the browser scrolls and zooms.
    this.#listeners.add<Event>(element, 'touchstart', (event) => event.preventDefault(), { passive: false })
    addFocusLoss(this.#listeners, () => this.#releaseAll())
  }

  connect(): void {
    this.#listeners.on()
    for (const button of this.#buttons) button.on()
  }

  disconnect(): void {
    this.#listeners.off()
    for (const button of this.#buttons) button.off()
    this.#releaseAll()
  }

  dispose(): void {
    this.disconnect()
    this.#buttons.length = 0
  }

  /** Makes a button of an element on the screen: the action is held as long as a finger is on it. */
  button(element: HTMLElement, action: string): void {
    const listeners = new Listeners()
    const hold = (isDown: boolean) => (event: PointerEvent) => {
      event.preventDefault()
      this.#input.hold(action, isDown, `${BUTTON}:${action}`)
    }
    listeners.add(element, 'pointerdown', hold(true))
    for (const name of ['pointerup', 'pointercancel', 'pointerleave']) listeners.add(element, name, hold(false))
    this.#buttons.push(listeners)
    if (this.#listeners.isOn) listeners.on()
  }

  #onDown(event: PointerEvent): void {
    const { left, width } = this.#element.getBoundingClientRect()
    const isStick = event.clientX < left + width / 2
    const { clientX: x, clientY: y } = event
    const finger: Finger = { startX: x, startY: y, x, y, isStick, hasMoved: false, longPress: null }
    if (!isStick) finger.longPress = this.#clock.setTimeout(() => this.#onLongPress(finger), LONG_PRESS_MS)
    this.#fingers.set(event.pointerId, finger)
  }

  #onMove(event: PointerEvent): void {
    const finger = this.#fingers.get(event.pointerId)
    if (!finger) return
    const dx = event.clientX - finger.x
    const dy = event.clientY - finger.y
    finger.x = event.clientX
    finger.y = event.clientY
    if (Math.hypot(finger.x - finger.startX, finger.y - finger.startY) > TAP_SLOP) this.#moved(finger)
    if (finger.isStick) this.#moveStick(finger)
    else turnView(this.#input, dx * this.sensitivity, dy * this.sensitivity)
  }

  #moved(finger: Finger): void {
    finger.hasMoved = true
    // A long press that has begun goes on while the finger looks around.
    this.#clock.clearTimeout(finger.longPress)
  }

  #moveStick(finger: Finger): void {
    const down = new Set<string>()
    addStick(down, (finger.x - finger.startX) / STICK_RADIUS, (finger.y - finger.startY) / STICK_RADIUS)
    for (const name of ['forward', 'back', 'left', 'right']) this.#hold(name, down.has(name), STICK)
  }

  #onLongPress(finger: Finger): void {
    finger.longPress = null
    finger.hasMoved = true
    this.#hold('use', true, PRESS)
  }

  #onUp(event: PointerEvent, isLifted: boolean): void {
    const finger = this.#fingers.get(event.pointerId)
    if (!finger) return
    this.#fingers.delete(event.pointerId)
    this.#clock.clearTimeout(finger.longPress)
    this.#input.release(finger.isStick ? STICK : PRESS)
    if (!finger.isStick && isLifted && !finger.hasMoved && this.#has('attack')) this.#input.press('attack')
  }

  #hold(name: string, isDown: boolean, source: string): void {
    if (this.#has(name)) this.#input.hold(name, isDown, source)
  }

  #has(name: string): boolean {
    return this.#input.space.buttons.some((button) => button.name === name)
  }

  #releaseAll(): void {
    for (const finger of this.#fingers.values()) this.#clock.clearTimeout(finger.longPress)
    this.#fingers.clear()
    for (const { name } of this.#input.space.buttons) this.#input.release(`${BUTTON}:${name}`)
    this.#input.release(STICK)
    this.#input.release(PRESS)
  }
}
