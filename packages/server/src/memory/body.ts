import { type ActionSpace, actionWidth } from '@sora-world/sdk/protocol'
import { type Motion, moved, type Pose, radians } from './camera.ts'

/**
 * Where the player is about to be, the same as `training/sora_world/memory/body.py`: turning is exact, walking follows
 * the habits of the world that models are trained on, without its walls.
 *
 * The memory image must exist before the chunk does, so its pose is a prediction. What is wrong with it is small over
 * four frames, and training sees the same mistakes.
 */

/** Blocks per frame. */
const WALK = 4.317 / 20
const SPRINT = 5.612 / 20
const SNEAK = 1.3 / 20
const JUMP = 0.42
const GRAVITY = 0.08
const DRAG = 0.98
/** Share of the way to the wished velocity that a frame goes. */
const GRIP_GROUND = 0.55
const GRIP_AIR = 0.15

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
  // Motion is given in the yaw frame before each move; the old one turns against the camera.
  const sine = Math.sin(radians(last.yaw))
  const cosine = Math.cos(radians(last.yaw))
  const right = last.right * cosine - last.forward * sine
  const forward = last.right * sine + last.forward * cosine
  const wish = wished(action)
  const grip = last.onGround ? GRIP_GROUND : GRIP_AIR
  const jump = action.jump ? JUMP : 0
  return {
    right: right + (wish.right - right) * grip,
    up: last.onGround ? jump : (last.up - GRAVITY) * DRAG,
    forward: forward + (wish.forward - forward) * grip,
    yaw: action.yaw,
    pitch: action.pitch,
    onGround: last.onGround && !action.jump,
  }
}

/** Velocity that the keys ask for, in the yaw frame before the turn of this frame. */
function wished(action: BodyAction): { right: number; forward: number } {
  const ahead = Number(action.forward) - Number(action.back)
  const aside = Number(action.right) - Number(action.left)
  const runs = action.sprint && action.forward
  const top = action.sneak ? SNEAK : runs ? SPRINT : WALK
  const speed = top / Math.max(1, Math.hypot(ahead, aside))
  const sine = Math.sin(radians(action.yaw))
  const cosine = Math.cos(radians(action.yaw))
  return { right: speed * (aside * cosine + ahead * sine), forward: speed * (ahead * cosine - aside * sine) }
}
