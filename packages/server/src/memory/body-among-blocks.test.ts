import { describe, expect, it } from 'vitest'
import { type BodyAction, chunkPoses, RESTING } from './body.ts'
import { BodyAmongBlocks } from './body-among-blocks.ts'
import type { Motion, Place, Pose } from './camera.ts'
import { type PointArrays, pointArrays } from './point-arrays.ts'

const MAX_POINTS = 100_000
const EYE = 1.62
/** Blocks between neighbouring points. */
const SPACING = 0.1
const POSE: Pose = { x: 3.3, y: 7.1, z: -2.2, yaw: 30, pitch: 6 }
const SPRINT = 5.612 / 20
const RUNNING: Motion = { ...RESTING, forward: SPRINT }
const IDLE: BodyAction = {
  forward: false,
  back: false,
  left: false,
  right: false,
  jump: false,
  sneak: false,
  sprint: false,
  yaw: 0,
  pitch: 0,
}
const RUN: BodyAction = { ...IDLE, forward: true, sprint: true }
const JUMP: BodyAction = { ...IDLE, jump: true }

/** Points at a place ahead of the player, to their right, and above their feet. */
class Scene {
  readonly points: PointArrays = pointArrays({ maxPoints: MAX_POINTS } as never)

  ground(height: number, from = -3, to = 4): this {
    return this.#fill([from, to], [height, height + SPACING])
  }

  /** Upright, across the way. */
  wall(ahead: number, bottom: number, top: number): this {
    return this.#fill([ahead, ahead + SPACING], [bottom, top])
  }

  /** Too few for anything. */
  dust(ahead: number): this {
    for (let right = -1; right < 1; right += 0.25) this.#add(ahead, right, 1, SPACING)
    return this
  }

  #fill([near, far]: [number, number], [bottom, top]: [number, number]): this {
    const along = (from: number, to: number) =>
      Array.from({ length: Math.round((to - from) / SPACING) }, (_, i) => from + i * SPACING)
    for (const ahead of along(near, far))
      for (const right of along(-3, 3)) for (const up of along(bottom, top)) this.#add(ahead, right, up, SPACING)
    return this
  }

  #add(ahead: number, right: number, up: number, spacing: number): void {
    const yaw = (POSE.yaw * Math.PI) / 180
    const { points } = this
    const at = points.length++
    points.position[at * 3] = POSE.x + right * Math.cos(yaw) + ahead * Math.sin(yaw)
    points.position[at * 3 + 1] = POSE.y - EYE + up
    points.position[at * 3 + 2] = POSE.z + right * Math.sin(yaw) - ahead * Math.cos(yaw)
    points.spacing[at] = spacing
  }
}

/** Where each action leads: blocks ahead of the start and above it. */
function walk(scene: Scene, motion: Motion, actions: BodyAction[], pose = POSE): { ahead: number[]; up: number[] } {
  const body = new BodyAmongBlocks({ maxPoints: MAX_POINTS, framesPerChunk: actions.length })
  const yaw = (POSE.yaw * Math.PI) / 180
  const poses = body.poses({ pose, motion }, actions, scene.points)
  return {
    ahead: poses.map(({ x, z }) => (x - POSE.x) * Math.sin(yaw) - (z - POSE.z) * Math.cos(yaw)),
    up: poses.map(({ y }) => y - pose.y),
  }
}

const times = (count: number, action: BodyAction) => Array.from({ length: count }, () => action)

describe('a body among blocks', () => {
  it('walks on level ground as by the rules alone where nothing is known', () => {
    const actions = [RUN, { ...RUN, yaw: 8, left: true }, { ...RUN, yaw: 8 }, IDLE]
    const body = new BodyAmongBlocks({ maxPoints: MAX_POINTS, framesPerChunk: 4 })
    const poses = body.poses({ pose: POSE, motion: RESTING }, actions, new Scene().points)
    chunkPoses(POSE, RESTING, actions).forEach((expected, frame) => {
      for (const key of ['x', 'y', 'z', 'yaw', 'pitch'] as const) {
        expect(poses[frame]![key], `${key} of frame ${frame}`).toBeCloseTo(expected[key], 3)
      }
    })
  })

  it('lands at the height that it jumped off where nothing is known, and jumps again', () => {
    const { up } = walk(new Scene(), RESTING, times(16, JUMP))
    expect(Math.max(...up)).toBeCloseTo(1.252, 2)
    expect(up[11]).toBeCloseTo(0, 2)
    expect(up[12]).toBeCloseTo(0.42, 2)
  })

  it('lands on ground that it remembers a block lower', () => {
    const falling: Motion = { ...RUNNING, up: -0.374, onGround: false }
    const above = { ...POSE, y: POSE.y + 0.121 }
    const lower = walk(new Scene().ground(-1), falling, times(4, RUN), above).up
    expect(lower.at(-1)).toBeCloseTo(-1.121, 2)
    expect(walk(new Scene().ground(0), falling, times(4, RUN), above).up.at(-1)).toBeCloseTo(-0.121, 2)
  })

  it('lands on what it remembers below a long fall', () => {
    const falling: Motion = { ...RESTING, up: -0.8, onGround: false }
    expect(walk(new Scene().ground(-1.5), falling, times(4, IDLE)).up.at(-1)).toBeCloseTo(-1.5, 0)
    expect(walk(new Scene(), falling, times(4, IDLE)).up.at(-1)).toBeLessThan(-3)
  })

  it('stops at a wall', () => {
    const scene = new Scene().wall(0.9, 0, 3)
    const free = walk(new Scene(), RUNNING, times(4, RUN)).ahead.at(-1)!
    const stopped = walk(scene, RUNNING, times(4, RUN)).ahead.at(-1)!
    expect(free).toBeGreaterThan(1.1)
    expect(stopped).toBeGreaterThan(0.3)
    expect(stopped).toBeLessThan(0.75)
  })

  it('does not get through the wall that it leans against', () => {
    const leaning = walk(new Scene().ground(0).wall(0.6, 0, 3), RESTING, times(4, RUN)).ahead
    expect(leaning.at(-1)).toBeLessThan(0.45)
  })

  it('walks off an edge and falls', () => {
    const { up } = walk(new Scene().ground(0, -3, 0.2).ground(-2, 0.2), RUNNING, times(6, RUN))
    expect(up[0]).toBeCloseTo(0, 2)
    expect(up.at(-1)).toBeLessThan(-0.4)
    expect(up.at(-1)).toBeGreaterThan(-2.1)
  })

  it('jumps onto a block, and not onto two', () => {
    const jumping: Motion = { ...RUNNING, up: 0.42, onGround: false }
    const above = { ...POSE, y: POSE.y + 0.42 }
    const onto = walk(new Scene().wall(1.1, 0, 1).ground(1, 1.1), jumping, times(12, RUN), above)
    expect(onto.up.at(-1)).toBeCloseTo(0.58, 1)
    expect(onto.ahead.at(-1)).toBeGreaterThan(2)
    const under = walk(new Scene().wall(1.1, 0, 2).ground(2, 1.1), jumping, times(12, RUN), above)
    expect(under.ahead.at(-1)).toBeLessThan(1.1)
    expect(under.up.at(-1)).toBeCloseTo(-0.42, 1)
  })

  it('is stopped in a jump by what is above', () => {
    // Seen from below a ceiling shows its underside.
    const { up } = walk(new Scene().ground(2), RESTING, times(4, JUMP))
    expect(up[0]).toBeCloseTo(0.2, 1)
    expect(up[3]).toBeLessThan(0.2)
  })

  it('goes through a few stray points', () => {
    const free = walk(new Scene().ground(0), RESTING, times(4, RUN))
    const dusty = walk(new Scene().ground(0).dust(0.4).dust(0.7), RESTING, times(4, RUN))
    expect(dusty).toEqual(free)
  })

  it('rises in water as long as it swims upwards', () => {
    const swimming: Motion = { ...RESTING, forward: 0.1, up: 0.1, onGround: false }
    const { up, ahead } = walk(new Scene().ground(0), swimming, times(4, { ...RUN, jump: true }))
    expect(up.at(-1)).toBeGreaterThan(0.4)
    expect(ahead.at(-1)).toBeCloseTo(0.42, 1)
  })

  it('gives the same bits for the same calls, whatever it was asked before', () => {
    const scene = new Scene().ground(0, -3, 0.5).ground(-1, 0.5).wall(0.9, -1, 2)
    const place: Place = { pose: POSE, motion: RUNNING }
    const settings = { maxPoints: MAX_POINTS, framesPerChunk: 4 }
    const once = new BodyAmongBlocks(settings).poses(place, times(4, RUN), scene.points)
    const body = new BodyAmongBlocks(settings)
    body.poses({ pose: { ...POSE, yaw: 200 }, motion: RESTING }, times(4, JUMP), new Scene().ground(-1).points)
    expect(body.poses(place, times(4, RUN), scene.points)).toEqual(once)
  })

  it('stays finite next to a pose that is far away and a motion that is too fast', () => {
    const body = new BodyAmongBlocks({ maxPoints: MAX_POINTS, framesPerChunk: 4 })
    const pose = { ...POSE, x: 65_000, z: -65_000 }
    const motion = { ...RUNNING, forward: 40, up: -40, onGround: false }
    const poses = body.poses({ pose, motion }, times(4, RUN), new Scene().ground(0).points)
    expect(poses.flatMap(({ x, y, z }) => [x, y, z]).every(Number.isFinite)).toBe(true)
  })

  it('takes a few milliseconds at most, with as many points as a memory holds', () => {
    const scene = new Scene()
    while (scene.points.length < 0.9 * MAX_POINTS) scene.ground(0).wall(1, 0, 3)
    const body = new BodyAmongBlocks({ maxPoints: MAX_POINTS, framesPerChunk: 4 })
    const milliseconds = Array.from({ length: 30 }, () => {
      const start = performance.now()
      body.poses({ pose: POSE, motion: RUNNING }, times(4, RUN), scene.points)
      return performance.now() - start
    })
    expect(Math.min(...milliseconds)).toBeLessThan(5)
  })
})
