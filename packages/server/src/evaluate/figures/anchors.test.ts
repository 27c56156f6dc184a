import { describe, expect, it } from 'vitest'
import { axes, focal, type Pose } from '../../memory/camera.ts'
import type { HeldOut } from '../held-out.ts'
import { anchorFigures } from './anchors.ts'
import type { Movement, PoseTrail } from './pose.ts'

const PER_CHUNK = 4
const SIZE = { width: 256, height: 144 }
const MODEL = { camera: { verticalFovDegrees: 60 }, decoder: { stateChannels: 1, depthScale: 8 } }
const GRID = { rows: SIZE.height / 8, columns: SIZE.width / 8 }
const PITCH = 6
/** Blocks from the eye to the ground; above the horizon is sky. */
const EYE = 1.62

/** Z-depth's inverse of the ground at each place of the grid. */
function groundSeenFrom(pose: Pose): number[] {
  const { right, up, forward } = axes(pose)
  return Array.from({ length: GRID.rows * GRID.columns }, (_, i) => {
    const u = (i % GRID.columns) + 0.5 - GRID.columns / 2
    const v = GRID.rows / 2 - Math.floor(i / GRID.columns) - 0.5
    const scale = 8 / focal(SIZE.height, 60)
    const down = forward[1] + right[1] * u * scale + up[1] * v * scale
    return Math.max(0, -down / EYE)
  })
}

/** Turns by `turn` degrees in each of 40 frames and back again, walking in those frames; the player is told `heard` of it. */
function trail(turn: number, heard: (movement: Movement) => Movement, toldDepth = 1): PoseTrail {
  const turns = [...new Array<number>(PER_CHUNK).fill(0), ...new Array<number>(40).fill(turn)]
  const yaws = [...turns, ...turns.map((yaw) => -yaw)]
  let at = 0
  const pose = yaws.map((yaw) => [5, 70, -3, (at += yaw), PITCH])
  const depth = pose.map(([x, y, z, yaw, pitch]) => groundSeenFrom({ x: x!, y: y!, z: z!, yaw: yaw!, pitch: pitch! }))
  const chunks = new Array<never>(pose.length / PER_CHUNK)
  const first = Float32Array.from(depth.slice(0, PER_CHUNK).flat(), (inverse) => inverse / toldDepth)
  return {
    heldOut: {
      clip: { frames: pose.length, pose, depth: { ...GRID, inverse: Float32Array.from(depth.flat()) } },
      chunks,
      inverseDepth: [first],
    } as unknown as HeldOut,
    found: yaws.map((yaw) => heard({ shift: [0, 0, 0], yaw, pitch: 0 })),
  }
}

describe('anchors', () => {
  it('are where they should be when all that is told is true', () => {
    const figures = anchorFigures([trail(4, (movement) => movement)], MODEL, SIZE)
    expect(figures.rmsPixels).toBeCloseTo(0, 3)
    // Two of the four rows are below the horizon, half a place under it the third.
    expect(figures.anchors).toBeGreaterThanOrEqual(10)
  })

  it('are off by what turns are off', () => {
    const figures = anchorFigures([trail(4, (movement) => ({ ...movement, yaw: movement.yaw * 0.9 }))], MODEL, SIZE)
    expect(figures.rmsPixels).toBeGreaterThan(3)
  })

  it('need no true depth while nobody walks, and do as soon as somebody does', () => {
    const walking = (movement: Movement) => ({ ...movement, shift: [0, 0, 0.02] })
    const [still, moved] = [1.2, 1.2].map((depth, i) =>
      anchorFigures([trail(4, i === 0 ? (movement) => movement : walking, depth)], MODEL, SIZE),
    )
    expect(still!.rmsPixels).toBeCloseTo(0, 3)
    expect(moved!.rmsPixels).toBeGreaterThan(1)
  })

  it('are not measured where nobody turns away', () => {
    expect(anchorFigures([trail(2, (movement) => movement)], MODEL, SIZE)).toEqual({ rmsPixels: null, anchors: 0 })
  })
})
