import type { CameraView, Pose } from '@sora-world/sdk'
import { Matrix4, Vector3 } from 'three'

const RADIANS = Math.PI / 180

const local = /* @__PURE__ */ new Matrix4()
const scale = /* @__PURE__ */ new Vector3()

/**
 * Where an opening stands in a generated world: upright, facing the player, `ahead` blocks in front of the eye (negative:
 * behind it), its floor on the player's.
 *
 * @param floor height of the scene's floor in the opening's own coordinates
 * @param eyeHeight of the player above the ground, blocks
 */
export function standBefore(into: Matrix4, pose: Pose, ahead: number, floor: number, eyeHeight: number): Matrix4 {
  // Yaw turns right, a rotation about y left.
  into.makeRotationY(-pose.yaw * RADIANS).setPosition(pose.x, pose.y, pose.z)
  return into.multiply(local.makeTranslation(0, -eyeHeight - floor, -ahead))
}

/** From places of a world to right, up and forward of the camera that a frame was seen with. */
export function eyeMatrix(into: Matrix4, { eye, right, up, forward }: CameraView): Matrix4 {
  const row = (axis: CameraView['eye']) =>
    [axis[0], axis[1], axis[2], -(axis[0] * eye[0] + axis[1] * eye[1] + axis[2] * eye[2])] as const
  return into.set(...row(right), ...row(up), ...row(forward), 0, 0, 0, 1)
}

/** From a scene into an object's own axes, in units of the scene: the object's scale is left out. */
export function unscaledInverse(into: Matrix4, matrixWorld: Matrix4): Matrix4 {
  scale.setFromMatrixScale(matrixWorld)
  return into
    .copy(matrixWorld)
    .invert()
    .premultiply(local.makeScale(scale.x, scale.y, scale.z))
}
