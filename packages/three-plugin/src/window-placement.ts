import { type Camera, Matrix4, type Object3D, type OrthographicCamera, type PerspectiveCamera } from 'three'

/** How a picture of another shape fills the view: all of the view, all of the picture, or distorted to both. */
export type PictureFit = 'cover' | 'contain' | 'stretch'

const placement = /* @__PURE__ */ new Matrix4()

/**
 * Places a plane of 2 x 2 units (x, y in [-1, 1]) so that this camera sees it exactly as its whole view.
 *
 * Writes `plane.matrixWorld` only: meant for `onBeforeRender`, which runs once per camera and before the model-view
 * matrix is made. Works for perspective (off-axis, too) and orthographic cameras, and for any renderer.
 *
 * `pictureAspect` is width / height of what is shown on the plane. Nothing is allocated.
 */
export function placeInWindow(plane: Object3D, camera: Camera, fit: PictureFit, pictureAspect: number): void {
  const { near, far } = camera as PerspectiveCamera | OrthographicCamera
  const p = camera.projectionMatrix.elements
  const distance = (near + Math.min(far, near + 2)) / 2
  // A perspective camera divides by the distance, an orthographic one (p[15] = 1) does not.
  const depth = p[15] === 1 ? 1 : distance
  const halfWidth = depth / p[0]!
  const halfHeight = depth / p[5]!
  const centreX = p[15] === 1 ? -p[12]! / p[0]! : (p[8]! * distance) / p[0]!
  const centreY = p[15] === 1 ? -p[13]! / p[5]! : (p[9]! * distance) / p[5]!

  const ratio = pictureAspect / (halfWidth / halfHeight)
  const widerBy = fit === 'stretch' || ratio === 1 ? 1 : ratio
  const scaleX = fit === 'cover' ? Math.max(1, widerBy) : Math.min(1, widerBy)
  const scaleY = fit === 'cover' ? Math.max(1, 1 / widerBy) : Math.min(1, 1 / widerBy)

  placement.makeScale(halfWidth * scaleX, halfHeight * scaleY, 1)
  placement.setPosition(centreX, centreY, -distance)
  // Not camera.matrixWorld: that may carry a scale, which the view itself leaves out.
  plane.matrixWorld.copy(camera.matrixWorldInverse).invert().multiply(placement)
}
