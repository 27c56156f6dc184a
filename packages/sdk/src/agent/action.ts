import { type Action, type ActionSpace, actionWidth, encodeAction, SoraError } from '../protocol/index.ts'

/** Degrees of a whole step: right and down are positive. */
export interface CameraTurn {
  yaw?: number
  pitch?: number
}

/**
 * What the player does in one step, in VPT's and MineRL's names: `{ forward: true, jump: true, camera: { yaw: 12 } }`.
 *
 * A button of binding `hold` is down in all frames of the step, one of binding `press` (`drop`, `hotbar.1`) in its first.
 */
export interface NamedAction {
  camera?: CameraTurn
  [button: string]: boolean | 0 | 1 | CameraTurn | undefined
}

/** A step's action as a whole, or frame by frame: then exactly as many as the step has frames. */
export type EnvAction = NamedAction | readonly Action[]

const AXIS_OF = { yaw: 'camera.yaw', pitch: 'camera.pitch' } as const

/** Degrees that the camera can turn in a step of so many frames. */
export function mostTurn(space: ActionSpace, frames: number): { yaw: number; pitch: number } {
  const most = (name: string) => (space.axes.find((axis) => axis.name === name)?.max ?? 0) * frames
  return { yaw: most(AXIS_OF.yaw), pitch: most(AXIS_OF.pitch) }
}

/**
 * The actions of each frame of a step.
 *
 * @throws SoraError `action-invalid` for a name that the model does not have, a number that is not finite, a turn that is
 *   faster than the model knows, a list of another length, or something that is no action at all
 */
export function frameActions(space: ActionSpace, action: EnvAction, frames: number): Action[] {
  if (typeof action !== 'object' || action === null) throw invalid(`${String(action)} is no action`)
  const actions = Array.isArray(action) ? checkList(action, frames) : spread(space, action as NamedAction, frames)
  const scratch = new Float32Array(actionWidth(space))
  for (const each of actions) {
    encodeAction(space, each, scratch)
    checkTurn(space, each, frames)
  }
  return actions
}

function checkList(actions: readonly Action[], frames: number): Action[] {
  if (actions.length !== frames) throw invalid(`a step has ${frames} frames, the list has ${actions.length}`)
  const broken = actions.findIndex((each) => !Array.isArray(each?.held) || typeof each.axes !== 'object' || !each.axes)
  if (broken >= 0) throw invalid(`frame ${broken} is no action with "held" and "axes"`)
  return [...actions]
}

function spread(space: ActionSpace, action: NamedAction, frames: number): Action[] {
  const { camera, ...buttons } = action
  const down = Object.entries(buttons)
    .filter(([name, value]) => isDown(space, name, value))
    .map(([name]) => name)
  const isPress = (name: string) => space.buttons.some((button) => button.name === name && button.binding === 'press')
  const axes = perFrame(camera ?? {}, frames)
  return Array.from({ length: frames }, (_, frame) => ({
    held: frame === 0 ? down : down.filter((name) => !isPress(name)),
    axes,
  }))
}

function isDown(space: ActionSpace, name: string, value: NamedAction[string]): boolean {
  if (!space.buttons.some((button) => button.name === name)) {
    const known = space.buttons.map((button) => button.name).join(', ')
    throw invalid(`unknown button "${name}"; known: ${known}, camera`)
  }
  if (value === undefined || value === false || value === 0) return false
  if (value === true || value === 1) return true
  throw invalid(`button "${name}" is ${JSON.stringify(value) ?? String(value)}, not true or false`)
}

function perFrame(camera: CameraTurn, frames: number): Record<string, number> {
  if (typeof camera !== 'object') throw invalid('"camera" is not { yaw, pitch }')
  const axes: Record<string, number> = {}
  for (const [name, degrees] of Object.entries(camera)) {
    const axis = AXIS_OF[name as keyof typeof AXIS_OF]
    if (!axis) throw invalid(`the camera has no "${name}", but yaw and pitch`)
    if (degrees === undefined) continue
    if (!Number.isFinite(degrees)) throw invalid(`camera.${name} is ${degrees}, not a finite number`)
    if (degrees !== 0) axes[axis] = degrees / frames
  }
  return axes
}

function checkTurn(space: ActionSpace, action: Action, frames: number): void {
  for (const { name, max } of space.axes) {
    const degrees = action.axes[name] ?? 0
    // A hair of rounding is no fault.
    if (Math.abs(degrees) <= max * (1 + 1e-6)) continue
    const words = `${round(degrees)} degrees a frame; the model turns by at most ${max}, ${max * frames} in a step`
    throw invalid(`${name} of ${words}`)
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

function invalid(words: string): SoraError {
  return new SoraError('action-invalid', words)
}
