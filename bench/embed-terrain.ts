import type { Frame, Pose } from '@sora-world/sdk'
import { cameraView, unproject } from '../packages/sdk/src/space/camera-view.ts'

/** Eye above the ground, blocks. */
export const EYE = 1.62
const FARTHEST = 24
const MARCH = 0.05

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
  const depthAt = (u: number, v: number) => march(ground, (depth) => unproject(view, u, v, depth))
  const rgba = new Uint8ClampedArray(width * height * 4)
  for (let i = 0; i < width * height; i++) {
    const [u, v] = [((i % width) + 0.5) / width, (Math.floor(i / width) + 0.5) / height]
    const depth = depthAt(u, v)
    const [x, y, z] = unproject(view, u, v, depth)
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
    const depth = march(ground, (at) => unproject(view, u, v, at))
    return depth < FARTHEST ? 1 / depth : 0
  })
}

function march(ground: Terrain, at: (depth: number) => [number, number, number]): number {
  for (let depth = MARCH; depth < FARTHEST; depth += MARCH) {
    const [x, y, z] = at(depth)
    if (y < ground(x, z)) return depth
  }
  return FARTHEST
}
