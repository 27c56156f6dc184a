import { addFocusLoss, type InputDevice, Listeners } from './device.ts'
import type { InputState } from './input-state.ts'
import { turnView } from './pointer.ts'

const SOURCE = 'gamepad'
/** Sticks never rest at exactly zero. */
const DEAD_ZONE = 0.18
/** A stick counts as a key from here on. */
const STICK_PRESSED = 0.5
/** Degrees a second at full tilt. */
const TURN_SPEED = 140

/** W3C standard mapping: index of a button to an action. */
const BUTTONS: Readonly<Record<number, string>> = {
  0: 'jump',
  1: 'drop',
  6: 'use',
  7: 'attack',
  10: 'sprint',
  11: 'sneak',
  12: 'forward',
  13: 'back',
  14: 'left',
  15: 'right',
}
const SLOT_LEFT = 4
const SLOT_RIGHT = 5

export interface GamepadsOptions {
  /** Degrees a second at full tilt. */
  turnSpeed?: number
  /** Takes the place of `navigator.getGamepads`. */
  read?: () => readonly (Gamepad | null)[]
}

/** The first connected gamepad: left stick moves, right stick turns. Has no events: call `update` once per refresh. */
export class Gamepads implements InputDevice {
  readonly #input: InputState
  readonly #turnSpeed: number
  readonly #read: () => readonly (Gamepad | null)[]
  readonly #listeners = new Listeners()
  #lastMs: number | null = null
  #slotDown = false

  constructor(input: InputState, options: GamepadsOptions = {}) {
    this.#input = input
    this.#turnSpeed = options.turnSpeed ?? TURN_SPEED
    this.#read = options.read ?? (() => globalThis.navigator?.getGamepads?.() ?? [])
    addFocusLoss(this.#listeners, () => this.#input.release(SOURCE))
  }

  connect(): void {
    this.#listeners.on()
  }

  disconnect(): void {
    this.#listeners.off()
    this.#lastMs = null
    this.#input.release(SOURCE)
  }

  dispose(): void {
    this.disconnect()
  }

  /** Reads the pad; `nowMs` is the time stamp of `requestAnimationFrame`. Does nothing while disconnected. */
  update(nowMs: number): void {
    const pad = this.#listeners.isOn ? this.#read().find((candidate) => candidate?.connected) : null
    if (!pad) return
    const seconds = this.#lastMs === null ? 0 : Math.min(0.1, (nowMs - this.#lastMs) / 1000)
    this.#lastMs = nowMs
    this.#holdAll(wanted(pad))
    const degrees = this.#turnSpeed * seconds
    turnView(this.#input, curve(pad.axes[2]) * degrees, curve(pad.axes[3]) * degrees)
    this.#turnSlots(pad)
  }

  #holdAll(down: ReadonlySet<string>): void {
    for (const { name } of this.#input.space.buttons) this.#input.hold(name, down.has(name), SOURCE)
  }

  #turnSlots(pad: Gamepad): void {
    const steps = Number(pad.buttons[SLOT_RIGHT]?.pressed ?? false) - Number(pad.buttons[SLOT_LEFT]?.pressed ?? false)
    if (steps !== 0 && !this.#slotDown) this.#input.turnHotbar(steps)
    this.#slotDown = steps !== 0
  }
}

function wanted(pad: Gamepad): Set<string> {
  const down = new Set<string>()
  for (const [index, action] of Object.entries(BUTTONS)) if (pad.buttons[Number(index)]?.pressed) down.add(action)
  addStick(down, pad.axes[0] ?? 0, pad.axes[1] ?? 0)
  return down
}

/** Buttons that a stick stands for; x to the right, y down. */
export function addStick(down: Set<string>, x: number, y: number): void {
  if (x < -STICK_PRESSED) down.add('left')
  if (x > STICK_PRESSED) down.add('right')
  if (y < -STICK_PRESSED) down.add('forward')
  if (y > STICK_PRESSED) down.add('back')
}

/** Fine in the middle, fast at the edge. */
function curve(value = 0): number {
  const tilt = Math.max(0, Math.abs(value) - DEAD_ZONE) / (1 - DEAD_ZONE)
  return Math.sign(value) * tilt * tilt
}
