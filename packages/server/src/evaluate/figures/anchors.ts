import type { FrameSize, ModelManifest } from '@sora-world/sdk/protocol'
import { axes, focal, moved, type Pose, startPose } from '../../memory/camera.ts'
import { type DepthGrid, inverseDepthAt } from '../true-depth.ts'
import type { Movement, PoseTrail } from './pose.ts'

/** Where anchors are put on the picture, shares of its width and height. */
const ACROSS = [0.15, 0.3, 0.5, 0.7, 0.85]
const DOWN = [0.35, 0.5, 0.65, 0.8]
/** Degrees that a player has to turn away for a clip to count. */
const AWAY_DEGREES = 90
/** Blocks; what is nearer than this to the camera's plane is not in the picture. */
const NEAREST = 0.1

export interface AnchorFigures {
  /**
   * Root mean square of how many picture pixels an anchor is from where it should be, in all later frames in which it is in
   * view; null without such clips
   */
  rmsPixels: number | null
  anchors: number
}

interface Picture {
  width: number
  height: number
  /** Pixels per unit slope */
  focal: number
  /** Places whose depth a player is told. */
  grid: DepthGrid
}

/**
 * Things put on what the end of the first chunk shows, by the depth and the poses that a player is told, while the player
 * turns away and comes back. They should be seen where the true projection of the same point is.
 */
export function anchorFigures(
  trails: readonly PoseTrail[],
  { camera, decoder }: Pick<ModelManifest, 'camera' | 'decoder'>,
  { width, height }: Pick<FrameSize, 'width' | 'height'>,
): AnchorFigures {
  const grid = { rows: height / decoder.depthScale, columns: width / decoder.depthScale }
  const picture = { width, height, focal: focal(height, camera.verticalFovDegrees), grid }
  const errors = trails.flatMap((trail) => (turnsAway(trail) ? anchorErrors(trail, picture) : []))
  const offsets = errors.flat()
  const meanSquare = offsets.reduce((sum, offset) => sum + offset ** 2, 0) / offsets.length
  return { rmsPixels: offsets.length === 0 ? null : Math.sqrt(meanSquare), anchors: errors.length }
}

function turnsAway({ heldOut: { clip } }: PoseTrail): boolean {
  const yaws = clip.pose.map((pose) => pose[3]!)
  return Math.max(...yaws.map((yaw) => Math.abs(yaw - yaws[0]!))) >= AWAY_DEGREES
}

/** For each anchor its distances in pixels from where it should be. */
function anchorErrors({ heldOut, found }: PoseTrail, picture: Picture): number[][] {
  const { clip, chunks, inverseDepth } = heldOut
  const perChunk = clip.frames / chunks.length
  const placed = perChunk - 1
  const told = posesOf(found)
  const truth = clip.pose.map(([x, y, z, yaw, pitch]) => ({ x: x!, y: y!, z: z!, yaw: yaw!, pitch: pitch! }))
  const { rows, columns } = picture.grid
  return DOWN.flatMap((v) =>
    ACROSS.flatMap((u) => {
      const place = Math.floor(v * rows) * columns + Math.floor(u * columns)
      const near = inverseDepth[0]![placed * rows * columns + place]!
      const nearInTruth = inverseDepthAt(clip, picture.grid, placed * rows * columns + place)
      if (!(near > 0 && nearInTruth > 0)) return []
      const anchor = pointAt(told[placed]!, u, v, 1 / near, picture)
      const point = pointAt(truth[placed]!, u, v, 1 / nearInTruth, picture)
      return [
        truth.slice(placed + 1).flatMap((pose, i) => {
          const should = pixelOf(pose, point, picture)
          if (!isInPicture(should, picture)) return []
          const is = pixelOf(told[placed + 1 + i]!, anchor, picture)
          return [Math.hypot(is.x - should.x, is.y - should.y)]
        }),
      ]
    }),
  )
}

/** From where a player is told to be, frame by frame. */
function posesOf(movements: readonly Movement[]): Pose[] {
  let at = startPose()
  return movements.map(({ shift: [right, up, forward], yaw, pitch }) => {
    at = moved(at, { right: right!, up: up!, forward: forward!, yaw, pitch, onGround: true })
    return at
  })
}

function pointAt(pose: Pose, u: number, v: number, depth: number, { width, height, focal }: Picture): number[] {
  const { right, up, forward } = axes(pose)
  const across = ((u - 0.5) * width) / focal
  const above = ((0.5 - v) * height) / focal
  return [pose.x, pose.y, pose.z].map((eye, k) => eye + (forward[k]! + right[k]! * across + up[k]! * above) * depth)
}

interface Pixel {
  x: number
  y: number
  /** Blocks in front of the camera */
  depth: number
}

function pixelOf(pose: Pose, point: readonly number[], { width, height, focal }: Picture): Pixel {
  const { right, up, forward } = axes(pose)
  const away = [pose.x, pose.y, pose.z].map((eye, k) => point[k]! - eye)
  const along = (axis: readonly number[]) => away.reduce((sum, value, k) => sum + value * axis[k]!, 0)
  const depth = along(forward)
  return { x: width / 2 + (along(right) * focal) / depth, y: height / 2 - (along(up) * focal) / depth, depth }
}

function isInPicture({ x, y, depth }: Pixel, { width, height }: Picture): boolean {
  return depth > NEAREST && x >= 0 && y >= 0 && x < width && y < height
}
