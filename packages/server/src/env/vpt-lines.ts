import { type Action, type ActionSpace, NO_ACTION, SoraError } from '@sora-world/sdk/protocol'

/** Keys of VPT recordings; `training/sora_world/world/clip_files.py` reads the same ones. */
const KEYS: Readonly<Record<string, string>> = {
  forward: 'key.keyboard.w',
  back: 'key.keyboard.s',
  left: 'key.keyboard.a',
  right: 'key.keyboard.d',
  jump: 'key.keyboard.space',
  sneak: 'key.keyboard.left.shift',
  sprint: 'key.keyboard.left.control',
  drop: 'key.keyboard.q',
  ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`hotbar.${i + 1}`, `key.keyboard.${i + 1}`])),
}
const MOUSE_BUTTONS: Readonly<Record<string, number>> = { attack: 0, use: 1 }
const AXES = ['camera.yaw', 'camera.pitch']

/** One frame of an episode as a recording needs it. */
export interface RecordedFrame {
  /** What led into the frame. */
  action: Action
  /** x, y, z in blocks, yaw and pitch in degrees; null where the model tells none. */
  pose: readonly number[] | null
  caption: string
}

/** @throws SoraError `unsupported` for a control that the layout has no name for */
export function checkVptSpace({ buttons, axes }: ActionSpace): void {
  const odd =
    buttons.find(({ name }) => !(name in KEYS) && !(name in MOUSE_BUTTONS)) ??
    axes.find(({ name }) => !AXES.includes(name))
  if (odd) throw new SoraError('unsupported', `VPT recordings have no name for "${odd.name}"`)
}

/**
 * An episode as the lines of a VPT recording: line t holds what was done while frame t was seen, so it leads to frame
 * t + 1; the last line is a no-op that only fills its place.
 */
export function vptLines(frames: readonly RecordedFrame[]): string[] {
  let hotbar = 0
  return frames.map(({ action, pose, caption }, t) => {
    hotbar = slotOf(action) ?? hotbar
    const taken = frames[t + 1]?.action ?? NO_ACTION
    return JSON.stringify({
      mouse: {
        dx: round(taken.axes['camera.yaw'] ?? 0, 5),
        dy: round(taken.axes['camera.pitch'] ?? 0, 5),
        unit: 'degrees',
        buttons: taken.held.flatMap((name) => MOUSE_BUTTONS[name] ?? []),
      },
      keyboard: { keys: taken.held.flatMap((name) => KEYS[name] ?? []) },
      hotbar,
      isGuiOpen: false,
      ...(pose && { pose: pose.map((value) => round(value, 4)) }),
      caption,
      tick: t,
    })
  })
}

/** Slot of the hotbar from 0 on that an action chooses. */
function slotOf({ held }: Action): number | undefined {
  const name = held.findLast((each) => each.startsWith('hotbar.'))
  return name === undefined ? undefined : Number(name.slice('hotbar.'.length)) - 1
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits
}
