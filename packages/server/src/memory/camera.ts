/**
 * Poses and projection of the world memory, the same as `training/sora_world/memory/camera.py`.
 *
 * Every memory starts at the origin looking along -z; where the player really stands is not known to a generated world,
 * and does not matter. Yaw is right and pitch down positive.
 */
export interface Pose {
  /** Eye, in blocks. */
  x: number
  y: number
  z: number
  /** Degrees */
  yaw: number
  pitch: number
}

/** Movement of one frame in the player's own yaw frame before it: blocks and degrees. */
export interface Motion {
  right: number
  up: number
  forward: number
  yaw: number
  pitch: number
  onGround: boolean
}

/** Where the player is and how they moved in the last frame. */
export interface Place {
  pose: Pose
  motion: Motion
}

/** Unit vectors of a camera, each x, y, z. */
export interface Axes {
  right: Vector
  up: Vector
  forward: Vector
}

export type Vector = readonly [x: number, y: number, z: number]

/** Degrees; the middle of what worlds start with. */
const START_PITCH = 6
export const PITCH_LIMIT = 85
/** Degrees. So many turns are left as they are, as in training; somebody who spins for hours must not run out of numbers. */
const MOST_YAW = 360 * 4096

export function startPose(): Pose {
  return { x: 0, y: 0, z: 0, yaw: 0, pitch: START_PITCH }
}

/** The pose after one frame. */
export function moved(pose: Pose, motion: Motion): Pose {
  const sine = Math.sin(radians(pose.yaw))
  const cosine = Math.cos(radians(pose.yaw))
  return {
    x: pose.x + motion.right * cosine + motion.forward * sine,
    y: pose.y + motion.up,
    z: pose.z + motion.right * sine - motion.forward * cosine,
    yaw: wrapped(pose.yaw + motion.yaw),
    pitch: Math.max(-PITCH_LIMIT, Math.min(PITCH_LIMIT, pose.pitch + motion.pitch)),
  }
}

function wrapped(yaw: number): number {
  return Math.abs(yaw) > MOST_YAW ? yaw % 360 : yaw
}

export function axes({ yaw, pitch }: Pose): Axes {
  const sy = Math.sin(radians(yaw))
  const cy = Math.cos(radians(yaw))
  const sp = Math.sin(radians(pitch))
  const cp = Math.cos(radians(pitch))
  return { right: [cy, 0, sy], up: [sp * sy, cp, -sp * cy], forward: [cp * sy, -sp, -cp * cy] }
}

/** Pixels per unit slope of a picture `height` pixels high. */
export function focal(height: number, verticalFovDegrees: number): number {
  return height / 2 / Math.tan(radians(verticalFovDegrees) / 2)
}

export function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}
