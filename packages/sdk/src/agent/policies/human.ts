import type { NamedAction } from '../action.ts'
import { type EpisodeStart, type Policy, policyOf, withinTurn } from '../policy.ts'

/** Where a person's devices put what they sense; `InputState` is one, `client.input` of a connected player too. */
export interface HumanInput {
  drain(): { held: readonly string[]; pressed: readonly string[]; axes: Readonly<Record<string, number>> }
}

/**
 * A person at the controls: each step does what they held, pressed and turned since the last one. Turns that are too
 * fast for one step are cut. In a room, where people drive by themselves, `noop` is the policy that only watches.
 */
export function human(input: HumanInput): Policy<EpisodeStart> {
  return policyOf('human', (_observation, { maxTurn, actionSpace }) => {
    const { held, pressed, axes } = input.drain()
    const isHold = (name: string) => actionSpace.buttons.find((button) => button.name === name)?.binding !== 'press'
    // A press lasts for one frame of the step by itself; a key that stays down is not pressed again.
    const down = [...held.filter(isHold), ...pressed]
    const action: NamedAction = Object.fromEntries(down.map((name) => [name, true]))
    const yaw = withinTurn(axes['camera.yaw'] ?? 0, maxTurn.yaw)
    const pitch = withinTurn(axes['camera.pitch'] ?? 0, maxTurn.pitch)
    return { ...action, camera: { yaw, pitch } }
  })
}
