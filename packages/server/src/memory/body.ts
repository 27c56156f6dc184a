import { type ActionSpace, actionWidth } from '@sora-world/sdk/protocol'
import { type Motion, moved, type Pose, radians } from './camera.ts'

/**
 * How a body moves where nothing is in the way: turning is exact, walking follows the habits of the world that models are
 * trained on. {@link chunkPoses} is the same as `training/sora_world/memory/body.py`; body-among-blocks.ts knows ground, walls
 * and water, too.
 *
 * The memory image must exist before the chunk does, so its pose is a prediction.
 */

/** Blocks per frame. */
const WALK = 4.317 / 20
export const SPRINT = 5.612 / 20
const SNEAK = 1.3 / 20
const JUMP = 0.42
const GRAVITY = 0.08
const DRAG = 0.98
/** What gravity makes of rest in a frame. */
export const GRAVITY_STEP = -GRAVITY * DRAG
/** Share of the way to the wished velocity that a frame goes. */
const GRIP_GROUND = 0.55
const GRIP_AIR = 0.15
const GRIP_WATER = 0.3
/** Blocks per frame in water. */
const SWIM = 2.2 / 20
const STROKE_UP = 0.055
const STROKE_DOWN = -0.03
const SINKING = -0.02
const DRAG_WATER = 0.8
/** Blocks per frame to the sides and up or down: whoever is off the ground at other speeds jumps or falls. */
const SLOWEST_SWIM = 0.03
const FASTEST_SWIM = 0.15
const FASTEST_STROKE = 0.19

const BUTTONS = ['forward', 'back', 'left', 'right', 'jump', 'sneak', 'sprint'] as const
type Held = Record<(typeof BUTTONS)[number], boolean>

/** What one frame's action does to the body. */
export interface BodyAction extends Held {
  /** Degrees */
  yaw: number
  pitch: number
}

/** At the start of every world. */
export const RESTING: Motion = { right: 0, up: 0, forward: 0, yaw: 0, pitch: 0, onGround: true }

/** Reads the encoded actions [F,A] of a chunk. A button that the model does not have is never held. */
export function bodyActions(space: ActionSpace, actions: Float32Array): BodyAction[] {
  const width = actionWidth(space)
  const buttons = BUTTONS.map((name) => space.buttons.findIndex((button) => button.name === name))
  const [yaw, pitch] = ['camera.yaw', 'camera.pitch'].map((name) => space.axes.findIndex((axis) => axis.name === name))
  return Array.from({ length: actions.length / width }, (_, frame) => {
    const row = actions.subarray(frame * width, (frame + 1) * width)
    const held = BUTTONS.map((name, i) => [name, buttons[i]! >= 0 && row[buttons[i]!]! > 0.5])
    const degrees = (axis: number) => (axis < 0 ? 0 : row[space.buttons.length + axis]! * space.axes[axis]!.max)
    return { ...(Object.fromEntries(held) as Held), yaw: degrees(yaw!), pitch: degrees(pitch!) }
  })
}

/** Pose of each frame of the coming chunk, from the pose and motion of the last frame and the chunk's actions. */
export function chunkPoses(pose: Pose, motion: Motion, actions: readonly BodyAction[]): Pose[] {
  let at = pose
  let last = motion
  return actions.map((action) => {
    last = nextMotion(last, action)
    at = moved(at, last)
    return at
  })
}

/** Motion of one frame under `action`, from the motion of the frame before. */
export function nextMotion(last: Motion, action: BodyAction): Motion {
  const jump = action.jump ? JUMP : 0
  return {
    ...glide(last, action, topSpeed(action), last.onGround ? GRIP_GROUND : GRIP_AIR),
    up: last.onGround ? jump : (last.up - GRAVITY) * DRAG,
    yaw: action.yaw,
    pitch: action.pitch,
    onGround: last.onGround && !action.jump,
  }
}

/** The same in water. */
export function nextStroke(last: Motion, action: BodyAction): Motion {
  const push = action.jump ? STROKE_UP : action.sneak ? STROKE_DOWN : 0
  return {
    ...glide(last, action, SWIM, GRIP_WATER),
    up: (last.up + SINKING) * DRAG_WATER + push,
    yaw: action.yaw,
    pitch: action.pitch,
    onGround: false,
  }
}

/** A guess, as water is not remembered: off the ground, and slower than in a jump or a fall. */
export function seemsToSwim({ right, up, forward, onGround }: Motion): boolean {
  const speed = Math.hypot(right, forward)
  return !onGround && speed > SLOWEST_SWIM && speed < FASTEST_SWIM && Math.abs(up) < FASTEST_STROKE
}

/** Steps in the yaw frame before the move. The old motion is given in the one before that and turns against the camera. */
function glide(last: Motion, action: BodyAction, top: number, grip: number): { right: number; forward: number } {
  const sine = Math.sin(radians(last.yaw))
  const cosine = Math.cos(radians(last.yaw))
  const right = last.right * cosine - last.forward * sine
  const forward = last.right * sine + last.forward * cosine
  const wish = wished(action, top)
  return { right: right + (wish.right - right) * grip, forward: forward + (wish.forward - forward) * grip }
}

/** Motion upwards and height above the ground of each frame of a jump, until before it ends at the height that it began at. */
const JUMP_FRAMES = jumpFrames()
/** Blocks per frame; who rises or falls faster by as much is not in a jump. */
const LARGEST_MISFIT = 0.1

function jumpFrames(): { up: number; height: number }[] {
  const frames = []
  for (let up = JUMP, height = JUMP; height > 0; up = (up - GRAVITY) * DRAG, height += up) frames.push({ up, height })
  return frames
}

/** Blocks above the ground that a player is who moves `up` in a jump; undefined for what is no part of one. */
export function heightInJump(up: number): number | undefined {
  const nearest = JUMP_FRAMES.reduce((a, b) => (Math.abs(b.up - up) < Math.abs(a.up - up) ? b : a))
  return Math.abs(nearest.up - up) > LARGEST_MISFIT ? undefined : nearest.height
}

function topSpeed({ sneak, sprint, forward }: BodyAction): number {
  if (sneak) return SNEAK
  return sprint && forward ? SPRINT : WALK
}

/** Velocity that the keys ask for, in the yaw frame before the turn of this frame. */
function wished(action: BodyAction, top: number): { right: number; forward: number } {
  const ahead = Number(action.forward) - Number(action.back)
  const aside = Number(action.right) - Number(action.left)
  const speed = top / Math.max(1, Math.hypot(ahead, aside))
  const sine = Math.sin(radians(action.yaw))
  const cosine = Math.cos(radians(action.yaw))
  return { right: speed * (aside * cosine + ahead * sine), forward: speed * (ahead * cosine - aside * sine) }
}
