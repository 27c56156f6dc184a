import { type CameraView, cameraView, type Frame, type ModelManifest } from '@sora-world/sdk'
import { Matrix4, type PerspectiveCamera } from 'three'

const basis = /* @__PURE__ */ new Matrix4()

/** The camera of a frame in space; null when the frame came without pose. Scene units are blocks. */
export function viewOf(frame: Frame, manifest: ModelManifest): CameraView | null {
  if (!frame.pose) return null
  return cameraView(frame.pose, manifest.camera.verticalFovDegrees, frame.width / frame.height)
}

/**
 * Puts a camera of the scene where the player is in the generated world, with the lens of the picture as it `cover`s the
 * view: what stands still in the scene then stands still in the world. `camera.aspect` must be the view's.
 *
 * The camera must not be moved by a parent. Returns false, with nothing changed, for a frame without pose.
 */
export function followPose(camera: PerspectiveCamera, frame: Frame, manifest: ModelManifest): boolean {
  const view = viewOf(frame, manifest)
  if (!view) return false
  const { eye, right, up, forward } = view
  basis.set(
    ...[right[0], up[0], -forward[0], 0],
    ...[right[1], up[1], -forward[1], 0],
    ...[right[2], up[2], -forward[2], 0],
    ...[0, 0, 0, 1],
  )
  camera.position.set(...eye)
  camera.quaternion.setFromRotationMatrix(basis)
  // A view wider than the picture cuts it above and below.
  const cut = Math.min(1, frame.width / frame.height / camera.aspect)
  const fov = (360 / Math.PI) * Math.atan(view.halfHeight * cut)
  if (fov !== camera.fov) {
    camera.fov = fov
    camera.updateProjectionMatrix()
  }
  camera.updateMatrixWorld()
  return true
}
