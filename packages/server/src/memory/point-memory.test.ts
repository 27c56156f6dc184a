import { describe, expect, it } from 'vitest'
import { moved, type Pose, startPose } from './camera.ts'
import type { MemorySettings } from './memory-settings.ts'
import { PointMemory } from './point-memory.ts'
import { VIEW_CHANNELS } from './point-view.ts'
import type { ShownFrame } from './shown-frame.ts'

const settings: MemorySettings = {
  width: 32,
  height: 24,
  scale: 2,
  depthWidth: 8,
  depthHeight: 6,
  verticalFovDegrees: 60,
  maxPoints: 8192,
  framesPerChunk: 4,
  actionSpace: { buttons: [], axes: [] },
  poseFields: [],
  isSolid: false,
}
const PIXELS = settings.width * settings.height
const WHITE = 255 * settings.scale ** 2
const LEVEL: Pose = { ...startPose(), pitch: 0 }

/** A wall that fills the picture; every pixel has a colour of its own unless one grey is given. */
function wall(depth: number, grey?: number): ShownFrame {
  const colour = Uint16Array.from({ length: PIXELS * 3 }, (_, i) => grey ?? (i * 37) % (WHITE + 1))
  return { colour, depth: new Float32Array(PIXELS).fill(depth) }
}

function seen(points: PointMemory, pose: Pose, chunk: number) {
  const image = new Float32Array(6 * PIXELS)
  points.render([pose], chunk, image)
  const channel = (k: number) => image.subarray(k * PIXELS, (k + 1) * PIXELS)
  return { image, red: channel(0), known: channel(3), inverseDepth: channel(4), age: channel(5) }
}

const turned = (pose: Pose, yaw: number) => moved(pose, { ...STANDING, yaw })
const walked = (pose: Pose, forward: number) => moved(pose, { ...STANDING, forward })
const STANDING = { right: 0, up: 0, forward: 0, yaw: 0, pitch: 0, onGround: true }

describe('point memory', () => {
  it('is blank at the start', () => {
    expect(seen(new PointMemory(settings), LEVEL, 0).image.every((value) => value === 0)).toBe(true)
  })

  it('shows a wall again, at the same pixels, after looking away', () => {
    const points = new PointMemory(settings)
    const frame = wall(4)
    points.observe(frame, LEVEL, 0)
    const away = turned(LEVEL, 120)
    expect(seen(points, away, 1).known.every((value) => value === 0)).toBe(true)
    points.observe(wall(9, 0), away, 1)
    const back = seen(points, turned(away, -120), 2)
    expect(back.known.every((value) => value === 1)).toBe(true)
    const image = [0, 1, 2].flatMap((k) => [...back.image.subarray(k * PIXELS, (k + 1) * PIXELS)])
    const expected = [0, 1, 2].flatMap((k) =>
      Array.from({ length: PIXELS }, (_, i) => (frame.colour[i * 3 + k]! / WHITE) * 2 - 1),
    )
    image.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5)
    })
    expect(back.inverseDepth[PIXELS / 2]).toBeCloseTo(1 / 4, 4)
    expect(back.age[0]).toBeCloseTo(2 / 64, 6)
  })

  it('shows what comes nearer larger and without gaps', () => {
    const points = new PointMemory(settings)
    points.observe(wall(4), LEVEL, 0)
    const near = seen(points, walked(LEVEL, 1.5), 1)
    expect(near.known.every((value) => value === 1)).toBe(true)
    expect(near.inverseDepth[0]).toBeCloseTo(1 / 2.5, 4)
    const far = seen(points, walked(LEVEL, -4), 1)
    expect(far.known.filter((value) => value === 1).length).toBeLessThan(PIXELS / 3)
    expect(far.known[0]).toBe(0)
  })

  it('forgets what a later frame sees through: a broken block does not come back', () => {
    const points = new PointMemory(settings)
    points.observe(wall(3, 0), LEVEL, 0)
    const hole = wall(3, 0)
    const middle = (settings.height / 2) * settings.width + settings.width / 2
    hole.depth[middle] = 20
    hole.colour.fill(WHITE, middle * 3, middle * 3 + 3)
    points.observe(hole, LEVEL, 1)
    expect(points.length).toBe(PIXELS)
    const { red, inverseDepth } = seen(points, LEVEL, 2)
    expect(red[middle]).toBeCloseTo(1, 5)
    expect(inverseDepth[middle]).toBeCloseTo(1 / 20, 4)
    expect(red[middle - 5]).toBeCloseTo(-1, 5)
  })

  it('keeps what a later frame cannot see, because something stands before it', () => {
    const points = new PointMemory(settings)
    points.observe(wall(20, WHITE), LEVEL, 0)
    points.observe(wall(3, 0), LEVEL, 1)
    expect(points.length).toBe(2 * PIXELS)
    // From beyond the near wall the far one is there again.
    expect(seen(points, walked(LEVEL, 5), 2).red[PIXELS / 2]).toBeCloseTo(1, 5)
  })

  it('shows the newest of what was seen at one place', () => {
    const points = new PointMemory(settings)
    points.observe(wall(5, WHITE), LEVEL, 0)
    points.observe(wall(5, 0), LEVEL, 1)
    expect(points.length).toBe(PIXELS)
    expect(seen(points, LEVEL, 2).red.every((value) => value === -1)).toBe(true)
  })

  it('shows the newer of two points at the same depth', () => {
    const points = new PointMemory(settings)
    const at = { x: 0, y: 0, z: -3, spacing: 0.5 }
    points.add({ ...at, colour: [1, 1, 1], born: 0 })
    points.add({ ...at, colour: [0, 0, 0], born: 1 })
    const { red, known } = seen(points, LEVEL, 2)
    expect(known.some((value) => value === 1)).toBe(true)
    known.forEach((value, i) => {
      expect(red[i]).toBe(value === 1 ? -1 : 0)
    })
  })

  it('drops the oldest beyond its cap', () => {
    const points = new PointMemory({ ...settings, maxPoints: 2 * PIXELS + 10 })
    const views = [0, 120, 240].map((yaw) => turned(LEVEL, yaw))
    views.forEach((pose, chunk) => {
      points.observe(wall(6, chunk * 100), pose, chunk)
    })
    expect(points.length).toBe(2 * PIXELS + 10)
    const knownIn = views.map((pose) => seen(points, pose, 3).known.reduce((sum, value) => sum + value, 0))
    expect(knownIn[0]).toBeLessThan(PIXELS / 10)
    expect(knownIn.slice(1)).toEqual([PIXELS, PIXELS])
    // What moved up is still itself.
    const { age, red } = seen(points, views[1]!, 3)
    expect([...new Set(age)]).toEqual([2 / 64])
    expect(red[5]).toBeCloseTo((100 / WHITE) * 2 - 1, 5)
  })

  it('lets age end at one', () => {
    const points = new PointMemory(settings)
    points.observe(wall(5), LEVEL, 3)
    expect(seen(points, LEVEL, 35).age[7]).toBe(0.5)
    expect(seen(points, LEVEL, 1000).age[7]).toBe(1)
  })

  it('draws several views at once as each of them alone', () => {
    const points = new PointMemory(settings)
    for (let chunk = 0; chunk < 8; chunk++) points.observe(wall(2 + chunk), turned(LEVEL, chunk * 47), chunk)
    const poses = Array.from({ length: 4 }, (_, i) => walked(turned(LEVEL, i * 8), i * 0.3))
    const together = new Float32Array(poses.length * VIEW_CHANNELS * PIXELS)
    points.render(poses, 9, together)
    const alone = poses.flatMap((pose) => [...seen(points, pose, 9).image])
    expect([...together]).toEqual(alone)
    expect(alone.some((value) => value !== 0)).toBe(true)
  })

  it('goes on in order when some are replaced and the oldest dropped at once', () => {
    const points = new PointMemory({ ...settings, maxPoints: 3 * PIXELS })
    for (let chunk = 0; chunk < 9; chunk++) points.observe(wall(6), turned(LEVEL, chunk * 20), chunk)
    const all = Array.from({ length: points.length }, (_, i) => points.at(i))
    const born = all.map((point) => point.born)
    expect(born).toEqual(born.toSorted((a, b) => a - b))
    expect(born.at(-1)).toBe(8)
    expect(born.filter((chunk) => chunk === 8)).toHaveLength(PIXELS)
    // Each is where a wall was: six blocks before an eye at the origin.
    for (const { x, z, born: chunk } of all) {
      const angle = (chunk * 20 * Math.PI) / 180
      expect(x * Math.sin(angle) - z * Math.cos(angle)).toBeCloseTo(6, 3)
    }
  })
})
