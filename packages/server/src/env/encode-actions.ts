import { type Action, type ActionSpace, actionWidth, encodeAction } from '@sora-world/sdk/protocol'

/** Of each frame, as the model takes them: [F,A]. */
export function encodeActions(space: ActionSpace, actions: readonly Action[]): Float32Array {
  const width = actionWidth(space)
  const out = new Float32Array(actions.length * width)
  for (const [frame, action] of actions.entries()) encodeAction(space, action, out, frame * width)
  return out
}

/** The actions that {@link encodeActions} wrote. */
export function decodeActions({ buttons, axes }: ActionSpace, encoded: Float32Array): Action[] {
  const width = buttons.length + axes.length
  return Array.from({ length: encoded.length / width }, (_, frame) => {
    const row = encoded.subarray(frame * width, (frame + 1) * width)
    return {
      held: buttons.filter((_button, i) => row[i]! > 0.5).map(({ name }) => name),
      axes: Object.fromEntries(axes.map(({ name, max }, i) => [name, row[buttons.length + i]! * max] as const)),
    }
  })
}
