import type { ActionSpace } from '../protocol/index.ts'

/** From what a device calls a control (`KeyW`, `Mouse0`) to a button of the model. */
export type Keymap = Readonly<Record<string, string>>

/** The usual controls of a block game, with the action names of VPT and MineRL. */
export const DEFAULT_KEYMAP: Keymap = Object.freeze({
  KeyW: 'forward',
  KeyS: 'back',
  KeyA: 'left',
  KeyD: 'right',
  ArrowUp: 'forward',
  ArrowDown: 'back',
  ArrowLeft: 'left',
  ArrowRight: 'right',
  Space: 'jump',
  ControlLeft: 'sprint',
  // Ctrl+W closes the tab in most browsers: R is the way to sprint without full screen.
  KeyR: 'sprint',
  ShiftLeft: 'sneak',
  ShiftRight: 'sneak',
  KeyQ: 'drop',
  Mouse0: 'attack',
  Mouse2: 'use',
  Digit1: 'hotbar.1',
  Digit2: 'hotbar.2',
  Digit3: 'hotbar.3',
  Digit4: 'hotbar.4',
  Digit5: 'hotbar.5',
  Digit6: 'hotbar.6',
  Digit7: 'hotbar.7',
  Digit8: 'hotbar.8',
  Digit9: 'hotbar.9',
})

/** The part of a keymap that a model understands. */
export function keymapFor(space: ActionSpace, keymap: Keymap = DEFAULT_KEYMAP): Keymap {
  const names = new Set(space.buttons.map(({ name }) => name))
  return Object.fromEntries(Object.entries(keymap).filter(([, button]) => names.has(button)))
}

/** Which keys press a button, for a help text; shortest first. */
export function keysFor(keymap: Keymap, button: string): string[] {
  return Object.keys(keymap)
    .filter((code) => keymap[code] === button)
    .sort((a, b) => a.length - b.length)
}

/** True when the model was trained to press a button for single frames rather than to hold it. */
export function isPressButton(space: ActionSpace, button: string): boolean {
  return space.buttons.some(({ name, binding }) => name === button && binding === 'press')
}

/** Buttons `hotbar.1`, `hotbar.2`, .. in the order of their numbers. */
export function hotbarButtons(space: ActionSpace): string[] {
  const number = (name: string) => Number(name.slice('hotbar.'.length))
  return space.buttons
    .map(({ name }) => name)
    .filter((name) => /^hotbar\.\d+$/.test(name))
    .sort((a, b) => number(a) - number(b))
}

/** The slot that the wheel turns to: around the end and back to the start. `steps` > 0 goes to the right. */
export function turnHotbar(slots: readonly string[], current: string | null, steps: number): string | null {
  if (slots.length === 0) return null
  const from = current === null ? (steps > 0 ? -1 : 0) : slots.indexOf(current)
  const index = (((from + steps) % slots.length) + slots.length) % slots.length
  return slots[index] ?? null
}
