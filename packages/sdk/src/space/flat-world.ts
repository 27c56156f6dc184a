import { copyFrame, type Frame } from '../stream/frame.ts'
import type { Pose } from '../stream/pose-track.ts'
import { cameraView } from './camera-view.ts'

/** Blocks below the eye at the start of a {@link flatWorldFrame}. */
export const FLAT_GROUND = -1.62

/**
 * A frame of a flat, endless, green plain under a blue sky, with exact depth: ground truth for tests of what works in
 * space. Depth samples are taken at their centres, `scale` pixels apart.
 */
export function flatWorldFrame(
  pose: Pose,
  { width = 128, height = 80, scale = 8, fov = 60, world = 0, seq = 0 } = {},
): Frame {
  const view = cameraView(pose, fov, width / height)
  const inverseAt = (v: number) => {
    const down = view.forward[1] + view.up[1] * (1 - 2 * v) * view.halfHeight
    return Math.max(0, down / (FLAT_GROUND - view.eye[1]))
  }
  const rgba = new Uint8ClampedArray(width * height * 4)
  for (let i = 0; i < width * height; i++) {
    const isSky = inverseAt((Math.floor(i / width) + 0.5) / height) === 0
    rgba.set(isSky ? [120, 170, 240, 255] : [70, 140, 50, 255], i * 4)
  }
  const [depthWidth, depthHeight] = [width / scale, height / scale]
  const inverseDepth = Float32Array.from({ length: depthWidth * depthHeight }, (_, i) =>
    inverseAt((Math.floor(i / depthWidth) + 0.5) / depthHeight),
  )
  const frame = {
    width,
    height,
    rgba,
    inverseDepth,
    depthWidth,
    depthHeight,
    pose,
    world,
    seq,
    step: null,
    release() {},
  }
  return copyFrame(frame as unknown as Frame)
}
