import type { Pose } from '../stream/pose-track.ts'

type Vector = readonly [x: number, y: number, z: number]

/** A frame's camera in space: place, directions, and how pixels spread. */
export interface CameraView {
  eye: Vector
  /** Unit vectors. */
  right: Vector
  up: Vector
  forward: Vector
  /** Half the picture's height and width at distance 1. */
  halfHeight: number
  halfWidth: number
}

/** Degrees; poses count from where a world began, and worlds begin looking down a little. The server's memory agrees. */
export const START_PITCH = 6
const RADIANS = Math.PI / 180

/** `aspect` is width / height of the picture. */
export function cameraView(pose: Pose, verticalFovDegrees: number, aspect: number): CameraView {
  const yaw = pose.yaw * RADIANS
  const pitch = Math.max(-90, Math.min(90, pose.pitch + START_PITCH)) * RADIANS
  const [sy, cy, sp, cp] = [Math.sin(yaw), Math.cos(yaw), Math.sin(pitch), Math.cos(pitch)]
  const halfHeight = Math.tan((verticalFovDegrees * RADIANS) / 2)
  return {
    eye: [pose.x, pose.y, pose.z],
    right: [cy, 0, sy],
    up: [sp * sy, cp, -sp * cy],
    forward: [cp * sy, -sp, -cp * cy],
    halfHeight,
    halfWidth: halfHeight * aspect,
  }
}

/** The place seen at `u`, `v` (0..1 from the left and from the top) at a z-depth in blocks. */
export function unproject(view: CameraView, u: number, v: number, depth: number): [number, number, number] {
  const right = (2 * u - 1) * view.halfWidth * depth
  const up = (1 - 2 * v) * view.halfHeight * depth
  const at = (k: 0 | 1 | 2) => view.eye[k] + view.right[k] * right + view.up[k] * up + view.forward[k] * depth
  return [at(0), at(1), at(2)]
}

/** Where a place is seen, as for {@link unproject}; `depth` is not positive for what lies behind the camera. */
export function project(view: CameraView, place: Vector): { u: number; v: number; depth: number } {
  const along = (axis: Vector) =>
    (place[0] - view.eye[0]) * axis[0] + (place[1] - view.eye[1]) * axis[1] + (place[2] - view.eye[2]) * axis[2]
  const depth = along(view.forward)
  return {
    u: (along(view.right) / (depth * view.halfWidth) + 1) / 2,
    v: (1 - along(view.up) / (depth * view.halfHeight)) / 2,
    depth,
  }
}
