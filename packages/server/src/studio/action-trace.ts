import { type ActionSpace, actionWidth } from '@sora-world/sdk/protocol'
import type { ActionStretch } from './action-file.ts'

/** Decimals of an axis value in a file: enough to read back the number that the model saw. */
const DECIMALS = 6

/** Actions [frames,A] in the model's layout as stretches of an action file, equal frames together. */
export function stretchesOf(space: ActionSpace, actions: Float32Array): ActionStretch[] {
  const width = actionWidth(space)
  const out: ActionStretch[] = []
  for (let at = 0; at < actions.length; at += width) {
    const stretch = { frames: 1, ...frameAction(space, actions.subarray(at, at + width)) }
    const last = out.at(-1)
    if (last && JSON.stringify({ ...last, frames: 1 }) === JSON.stringify(stretch)) last.frames++
    else out.push(stretch)
  }
  return out
}

/** The text of an action file, a stretch a line. */
export function writeStretches(stretches: readonly ActionStretch[]): string {
  return `[\n${stretches.map((stretch) => `  ${JSON.stringify(stretch)}`).join(',\n')}\n]\n`
}

function frameAction({ buttons, axes }: ActionSpace, numbers: Float32Array): Omit<ActionStretch, 'frames'> {
  const values = axes.map(({ name, max }, i) => [name, rounded(numbers[buttons.length + i]! * max)] as const)
  return {
    held: buttons.filter((_, i) => numbers[i]! > 0.5).map(({ name }) => name),
    axes: Object.fromEntries(values.filter(([, value]) => value !== 0)),
  }
}

function rounded(value: number): number {
  return Number(value.toFixed(DECIMALS))
}
