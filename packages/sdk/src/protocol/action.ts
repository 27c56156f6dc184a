import { SoraError } from './errors.ts'

/** How a device drives a button or an axis: held down, one edge per press, a stick, a pointer delta, a wheel. */
export type InputBinding = 'hold' | 'press' | 'axis' | 'pointer' | 'wheel'

export interface ButtonSpec {
  name: string
  binding: InputBinding
}

export interface AxisSpec {
  name: string
  binding: InputBinding
  unit: string
  /** Largest magnitude per frame; the model sees value / max in [-1, 1]. */
  max: number
}

/** The controls a model was trained with, in the order of its action tensor: buttons first, then axes. */
export interface ActionSpace {
  buttons: readonly ButtonSpec[]
  axes: readonly AxisSpec[]
}

/** What the player does in one frame: names of the buttons that are down, axis deltas in the axis' own unit. */
export interface Action {
  held: readonly string[]
  axes: Readonly<Record<string, number>>
}

export const NO_ACTION: Action = Object.freeze({
  held: Object.freeze([]) as readonly string[],
  axes: Object.freeze({}),
})

/** Numbers per action in the model's tensor (A). */
export function actionWidth(space: ActionSpace): number {
  return space.buttons.length + space.axes.length
}

/**
 * Writes one action into the model's layout: buttons 0/1 in order, then axes divided by their `max`.
 *
 * `out` [A] is overwritten from `offset`. Axis values beyond `max` are clamped: the caller spreads large turns over
 * several frames.
 *
 * @throws SoraError `action-invalid` for a name that the space does not have, or a value that is not finite
 */
export function encodeAction(space: ActionSpace, action: Action, out: Float32Array, offset = 0): void {
  out.fill(0, offset, offset + actionWidth(space))
  for (const name of action.held) {
    const index = space.buttons.findIndex((button) => button.name === name)
    if (index < 0) throw new SoraError('action-invalid', `unknown button "${name}"`)
    out[offset + index] = 1
  }
  for (const [name, value] of Object.entries(action.axes)) {
    const index = space.axes.findIndex((axis) => axis.name === name)
    const axis = space.axes[index]
    if (!axis) throw new SoraError('action-invalid', `unknown axis "${name}"`)
    if (!Number.isFinite(value)) throw new SoraError('action-invalid', `axis "${name}" is not a finite number`)
    out[offset + space.buttons.length + index] = Math.max(-1, Math.min(1, value / axis.max))
  }
}
