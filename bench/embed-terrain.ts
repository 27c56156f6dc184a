import type { Frame, Pose } from '@sora-world/sdk'
import { type CameraView, cameraView, project, unproject } from '../packages/sdk/src/space/camera-view.ts'

/** Eye above the ground, blocks. */
export const EYE = 1.62
const FARTHEST = 24
/** Blocks; less than any distance that matters. */
const TINY = 1e-6

/** Hills of whole blocks: the surface's height at a place. */
export type Terrain = (x: number, z: number) => number

/** Hills of their own for each number; the eye's start stands on height 0. */
export function terrain(seed: number): Terrain {
  const [a, b, c, d] = [0.7 + (seed % 7) * 0.11, 1.3 + (seed % 5) * 0.17, seed * 1.7, seed * 2.3]
  const raw = (x: number, z: number) =>
    1.2 * Math.sin(x * 0.23 * a + c) + 1.2 * Math.sin(z * 0.19 * b + d) + 0.6 * Math.sin((x + z) * 0.31 + c)
  const start = Math.floor(raw(0, 0))
  return (x, z) => Math.floor(raw(Math.floor(x), Math.floor(z))) - start - EYE
}

/** What a player sees of a terrain, with exact depth on the 1/8 grid that a decoder would give. */
export function look(ground: Terrain, pose: Pose, seq: number, width: number, height: number): Frame {
  const view = cameraView(pose, 60, width / height)
  const rgba = new Uint8ClampedArray(width * height * 4)
  for (let i = 0; i < width * height; i++) {
    const [u, v] = [((i % width) + 0.5) / width, (Math.floor(i / width) + 0.5) / height]
    const depth = depthAlong(ground, view, u, v)
    // A little inside: the block whose face it is.
    const [x, y, z] = unproject(view, u, v, depth + 0.01)
    const shade = 110 + ((Math.floor(x) * 31 + Math.floor(z) * 17 + Math.floor(y) * 7) % 40)
    rgba.set(depth < FARTHEST ? [shade * 0.5, shade, shade * 0.4, 255] : [120, 170, 240, 255], i * 4)
  }
  const [depthWidth, depthHeight] = [width / 8, height / 8]
  const inverseDepth = inverseDepthGrid(ground, pose, depthWidth, depthHeight)
  const picture = { width, height, rgba, inverseDepth, depthWidth, depthHeight, release() {} }
  return { ...picture, pose, seq, world: 0, step: null } as unknown as Frame
}

/** Exact inverse depth [rows,columns] at the middle of each cell of the picture; cells are square. */
export function inverseDepthGrid(
  ground: Terrain,
  pose: Pose,
  columns: number,
  rows: number,
): Float32Array<ArrayBuffer> {
  const view = cameraView(pose, 60, columns / rows)
  return Float32Array.from({ length: columns * rows }, (_, i) => {
    const [u, v] = [((i % columns) + 0.5) / columns, (Math.floor(i / columns) + 0.5) / rows]
    const depth = depthAlong(ground, view, u, v)
    return depth < FARTHEST ? 1 / depth : 0
  })
}

/** Whether the ground at a place is in the picture, with nothing before it. */
export function isInView(ground: Terrain, pose: Pose, x: number, z: number, aspect: number): boolean {
  const view = cameraView(pose, 60, aspect)
  const { u, v, depth } = project(view, [x, ground(x, z), z])
  if (!(depth > 0 && u > 0 && u < 1 && v > 0 && v < 1)) return false
  return Math.abs(depthAlong(ground, view, u, v) - depth) < 0.01
}

/** Depth at which the view through (u, v) meets the ground, block by block; at most {@link FARTHEST}. */
function depthAlong(ground: Terrain, view: CameraView, u: number, v: number): number {
  const [eyeX, eyeY, eyeZ] = view.eye
  const at = unproject(view, u, v, 1)
  const [dx, dy, dz] = [at[0] - eyeX, at[1] - eyeY, at[2] - eyeZ]
  for (let depth = 0; depth < FARTHEST; ) {
    // Inside the block that the view enters here.
    const [x, z] = [eyeX + dx * (depth + TINY), eyeZ + dz * (depth + TINY)]
    const top = ground(x, z)
    if (eyeY + dy * depth < top) return depth
    const leaves = Math.min(whenLeft(eyeX, dx, x), whenLeft(eyeZ, dz, z))
    if (eyeY + dy * leaves < top) return (top - eyeY) / dy
    depth = leaves
  }
  return FARTHEST
}

/** Depth at which a ray from `eye` leaves the whole number around `place`. */
function whenLeft(eye: number, slope: number, place: number): number {
  if (slope === 0) return Number.POSITIVE_INFINITY
  return ((slope > 0 ? Math.floor(place) + 1 : Math.floor(place)) - eye) / slope
}
