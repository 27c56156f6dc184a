import type { InputSink } from '../../input/input-state.ts'
import type { Action, ActionSpace } from '../../protocol/index.ts'

/** Who holds the buttons: a person's devices at the same client are other sources. */
const SOURCE = 'policy'

/**
 * Puts the actions of one chunk into the controls of a client. A room knows no single frames: a button that is down in
 * at least half of them is held, one that is down in fewer is tapped, and turns are spread evenly.
 */
export function applyActions(input: InputSink, space: ActionSpace, actions: readonly Action[]): void {
  for (const { name, binding } of space.buttons) {
    const frames = actions.filter(({ held }) => held.includes(name)).length
    const isHeld = binding !== 'press' && frames > 0 && 2 * frames >= actions.length
    input.hold(name, isHeld, SOURCE)
    if (frames > 0 && !isHeld) input.press(name)
  }
  for (const { name } of space.axes) {
    const degrees = actions.reduce((sum, { axes }) => sum + (axes[name] ?? 0), 0)
    if (degrees !== 0) input.turn(name, degrees)
  }
}

/** Lets go of what {@link applyActions} holds. */
export function releaseControls(input: InputSink): void {
  input.release(SOURCE)
}
