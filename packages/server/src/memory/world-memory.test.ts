import { actionWidth, encodeAction, SoraError } from '@sora-world/sdk/protocol'
import { describe, expect, it } from 'vitest'
import { fakeManifest } from '../model/fake-manifest.ts'
import { moved, startPose } from './camera.ts'
import { memorySettings } from './memory-settings.ts'
import { type ShownChunk, WorldMemory } from './world-memory.ts'

const manifest = fakeManifest({ memory: true })
const size = manifest.sizes[0]!
const settings = memorySettings(manifest, size)!
const FRAMES = settings.framesPerChunk
const FIELDS = settings.poseFields.length
const width = actionWidth(manifest.actionSpace)

function actions(held: string[] = [], yaw = 0): Float32Array {
  const out = new Float32Array(FRAMES * width)
  for (let frame = 0; frame < FRAMES; frame++) {
    encodeAction(manifest.actionSpace, { held, axes: { 'camera.yaw': yaw } }, out, frame * width)
  }
  return out
}

/** Grey noise at a depth of four blocks; the pose head says what `pose` says of every frame. */
function chunk(index: number, more: Partial<ShownChunk> = {}, pose: Record<string, number> = {}): ShownChunk {
  const each = settings.poseFields.map((field) => pose[field] ?? 0)
  return {
    index,
    actions: actions(),
    pose: Float32Array.from(Array.from({ length: FRAMES }, () => each).flat()),
    frames: Uint8Array.from({ length: FRAMES * size.width * size.height * 3 }, (_, i) => (i * 7919 + index) % 251),
    inverseDepth: new Float32Array(FRAMES * settings.depthWidth * settings.depthHeight).fill(0.25),
    ...more,
  }
}

function played(): WorldMemory {
  const memory = new WorldMemory(settings)
  memory.observe(chunk(0))
  memory.observe(chunk(1, { actions: actions(['forward'], 8) }, { forward: 0.2, onGround: 4 }))
  memory.observe(chunk(2, { actions: actions([], 8) }, { onGround: -4 }))
  return memory
}

const still = actions()
const share = (image: Float32Array) => image.filter((value) => value !== 0).length / image.length

describe('world memory', () => {
  it('begins with nothing, at the origin', () => {
    const memory = new WorldMemory(settings)
    expect(share(memory.imageBefore(0, actions(['forward'])))).toBe(0)
    expect(memory.place.pose).toEqual({ x: 0, y: 0, z: 0, yaw: 0, pitch: 6 })
    expect(memory.place.motion.onGround).toBe(true)
  })

  it('turns by the actions and steps by the pose head', () => {
    const memory = new WorldMemory(settings)
    const wrongTurn = { right: 0, up: 0.5, forward: 1, yaw: -3, pitch: 2, onGround: -2 }
    memory.observe(chunk(0, { actions: actions([], 8) }, wrongTurn))
    const { pose, motion } = memory.place
    expect(pose).toMatchObject({ yaw: 32, pitch: 6, y: 2 })
    // A block forward in each of the yaw frames 0, 8, 16, 24 degrees.
    const headings = [0, 8, 16, 24].map((degrees) => (degrees * Math.PI) / 180)
    expect(pose.x).toBeCloseTo(headings.reduce((sum, angle) => sum + Math.sin(angle), 0))
    expect(pose.z).toBeCloseTo(-headings.reduce((sum, angle) => sum + Math.cos(angle), 0))
    expect(motion).toMatchObject({ yaw: 8, pitch: 0, onGround: false })
  })

  it('tells the movement that it made: the turn that was asked for, and none by trembling', () => {
    const memory = new WorldMemory(settings)
    const trembling = { right: 0.01, up: -0.01, forward: 0.02, yaw: -3, pitch: 2, onGround: 4 }
    const field = (said: Float32Array, frame: number, name: string) =>
      said[frame * settings.poseFields.length + settings.poseFields.indexOf(name)]
    const looking = memory.observe(chunk(0, { actions: actions([], 8) }, trembling))
    for (const name of ['right', 'up', 'forward', 'pitch']) expect(field(looking, 3, name)).toBe(0)
    expect(field(looking, 3, 'yaw')).toBe(8)
    expect(field(looking, 3, 'onGround')).toBe(4)
    const walking = memory.observe(chunk(1, { actions: actions(['forward'], 8) }, trembling))
    expect(field(walking, 0, 'forward')).toBeCloseTo(0.02)
    const { x, y, z, yaw } = memory.place.pose
    expect(yaw).toBe(64)
    expect(Math.hypot(x, y, z)).toBeGreaterThan(0.05)
    expect(Math.hypot(x, y, z)).toBeLessThan(0.11)
  })

  it('predicts that a jump ends on the ground, unless nothing is solid', () => {
    const [landing, falling] = [true, false].map((isSolid) => {
      const memory = new WorldMemory({ ...settings, isSolid })
      memory.observe(chunk(0, {}, { onGround: 4 }))
      memory.observe(chunk(1, {}, { up: -0.374, onGround: -4 }), { isWorthKeeping: false })
      const { toMake, toCommit } = memory.imagesBefore(2, still)
      // What is committed is seen as in training.
      expect(toCommit).toEqual(memory.imageBefore(2, still))
      return toMake.slice()
    })
    const one = landing!.length / FRAMES
    // The first frame ends on the ground, and there they stay.
    expect(landing!.subarray(one, 2 * one)).toEqual(landing!.subarray(3 * one))
    expect(falling!.subarray(one, 2 * one)).not.toEqual(falling!.subarray(3 * one))
  })

  it('moves the player, but remembers nothing of what is not worth keeping', () => {
    const memory = new WorldMemory(settings)
    memory.observe(chunk(0, { actions: actions([], 8) }), { isWorthKeeping: false })
    expect(memory.points.length).toBe(0)
    expect(memory.place.pose.yaw).toBe(32)
  })

  it('gives the place as it was, with the player where they are now', () => {
    const memory = played()
    const bytes = memory.serialise()
    const length = memory.points.length
    memory.observe(chunk(3, { actions: actions([], 4) }))
    const before = memory.asRemembered(bytes)
    expect(before.place).toEqual(memory.place)
    expect(before.points.length).toBe(length)
    expect(memory.points.length).not.toBe(length)
  })

  it('stays near its origin, however far the player goes, and remembers where they come back to', () => {
    const memory = new WorldMemory(settings)
    memory.observe(chunk(0, {}, { onGround: 4 }))
    const known = share(memory.imageBefore(1, still))
    const leap = (forward: number) => {
      memory.observe(chunk(1, {}, { forward, onGround: 4 }), { isWorthKeeping: false })
      memory.observe(chunk(1, {}, { onGround: 4 }), { isWorthKeeping: false })
      return memory.place.pose
    }
    expect(leap(16_384 * 3).z).toBeCloseTo(0)
    expect(share(memory.imageBefore(1, still))).toBe(0)
    expect(leap(-16_384 * 3).z).toBeCloseTo(0)
    expect(Math.abs(share(memory.imageBefore(1, still)) - known)).toBeLessThan(0.01)
  })

  it('can be kept however long somebody spins', () => {
    const motion = { ...played().place.motion, yaw: 8 }
    const turned = (yaw: number) => moved({ ...startPose(), yaw }, motion).yaw
    expect(turned(1000 * 360)).toBe(1000 * 360 + 8)
    expect(turned(4096 * 360 - 3)).toBe(5)
    expect(turned(-5000 * 360 - 40)).toBe(-32)
  })

  it('remembers the last frame of a chunk only', () => {
    const [a, b] = [chunk(0), chunk(0)]
    b.frames.fill(0, 0, b.frames.length - size.width * size.height * 3)
    b.inverseDepth.fill(0, 0, b.inverseDepth.length - settings.depthWidth * settings.depthHeight)
    const images = [a, b].map((each) => {
      const memory = new WorldMemory(settings)
      memory.observe(each)
      return memory.imageBefore(1, still)
    })
    expect(images[0]).toEqual(images[1])
    expect(share(images[0]!)).toBeGreaterThan(0.9)
  })

  it('takes in the same whether the chunk was drawn before or not, wherever the player ended up', () => {
    const [drawn, undrawn] = [new WorldMemory(settings), new WorldMemory(settings)]
    const held = actions(['forward'], 5)
    for (let index = 0; index < 24; index++) {
      // Now and then far from where the body was expected.
      const step = index % 6 === 5 ? -2 : 0.2
      const pose = { forward: step, right: index % 4 === 0 ? -2 : 0, up: index % 5 === 0 ? 0.4 : -0.1, onGround: 4 }
      const depth = 0.1 + 0.05 * (index % 4)
      const inverseDepth = new Float32Array(FRAMES * settings.depthWidth * settings.depthHeight).fill(depth)
      const shown = chunk(index, { actions: held, inverseDepth }, pose)
      drawn.imageBefore(index, held)
      drawn.observe(shown)
      undrawn.observe(shown)
    }
    expect(drawn.points.length).toBe(undrawn.points.length)
    expect(drawn.serialise()).toEqual(undrawn.serialise())
  })

  it('gives the same bits for the same chunks', () => {
    expect(played().imageBefore(3, still)).toEqual(played().imageBefore(3, still))
  })

  it('outlives a pose or a depth that is no number', () => {
    const memory = new WorldMemory(settings)
    memory.observe(
      chunk(0, { inverseDepth: chunk(0).inverseDepth.fill(Number.NaN) }, { up: Number.NaN, right: Infinity }),
    )
    memory.observe(chunk(1))
    expect(memory.place.pose).toMatchObject({ x: 0, y: 0 })
    const image = memory.imageBefore(2, still)
    expect(image.every(Number.isFinite)).toBe(true)
    expect(share(image)).toBeGreaterThan(0.9)
  })

  it('refuses arrays of another size by name and stays as it was', () => {
    const memory = played()
    const before = memory.imageBefore(3, still).slice()
    const wrong = chunk(3, { inverseDepth: new Float32Array(7) })
    expect(() => memory.observe(wrong)).toThrow(/inverse depth has 7 numbers/)
    expect(() => memory.observe(chunk(3, { pose: new Float32Array(FIELDS) }))).toThrow(/pose has 6 numbers, not 24/)
    expect(memory.imageBefore(3, still)).toEqual(before)
  })

  it('forks', () => {
    const memory = played()
    const before = memory.imageBefore(3, still).slice()
    const fork = memory.clone()
    expect(fork.imageBefore(3, still)).toEqual(before)
    fork.observe(chunk(3, { frames: chunk(3).frames.fill(0) }, { forward: 2 }))
    expect(fork.imageBefore(4, still)).not.toEqual(before)
    expect(memory.imageBefore(3, still)).toEqual(before)
  })
})

describe('a world memory as bytes', () => {
  const bytes = played().serialise()

  it('comes back within the rounding', () => {
    const memory = played()
    const restored = WorldMemory.restore(settings, bytes)
    expect(restored.points.length).toBe(memory.points.length)
    expect(bytes).toHaveLength(80 + 12 * memory.points.length)
    expect(restored.place.pose).toEqual(memory.place.pose)
    expect(restored.place.motion.onGround).toBe(false)
    for (const i of [0, 500, memory.points.length - 1]) {
      const [a, b] = [memory.points.at(i), restored.points.at(i)]
      expect(b.born).toBe(a.born)
      for (const axis of ['x', 'y', 'z'] as const) expect(Math.abs(b[axis] - a[axis])).toBeLessThan(1 / 127)
      expect(Math.abs(b.spacing - a.spacing)).toBeLessThan(1 / 8000)
      a.colour.forEach((value, k) => {
        expect(Math.abs(b.colour[k]! - value)).toBeLessThan(1 / 500)
      })
    }
    // Writing again rounds nothing more.
    expect(WorldMemory.restore(settings, restored.serialise()).serialise()).toEqual(restored.serialise())
  })

  it('may be empty', () => {
    const empty = new WorldMemory(settings)
    const restored = WorldMemory.restore(settings, empty.serialise())
    expect([restored.points.length, restored.place]).toEqual([0, empty.place])
  })

  it('leaves out what is too far away to write', () => {
    const memory = played()
    memory.observe(chunk(3, {}, { forward: 1000 }))
    const restored = WorldMemory.restore(settings, memory.serialise())
    expect(restored.points.length).toBe(settings.width * settings.height)
  })

  const changed = (change: (view: DataView) => void) => {
    const copy = bytes.slice()
    change(new DataView(copy.buffer))
    return copy
  }
  it.each([
    ['nothing', new Uint8Array(0), /no world memory/],
    ['half a header', bytes.slice(0, 40), /no world memory/],
    ['other bytes', new Uint8Array(100).fill(7), /no world memory/],
    ['a later version', changed((view) => view.setUint16(4, 2, true)), /version 2/],
    ['a cut', bytes.slice(0, -1), /bytes instead of/],
    ['more bytes', Uint8Array.of(...bytes, 0), /bytes instead of/],
    ['too many points', changed((view) => view.setUint32(12, 0xffffffff, true)), /4294967295 points/],
    ['a pose that is no number', changed((view) => view.setFloat64(16, Number.NaN, true)), /out of bounds/],
    ['a pose beyond everything', changed((view) => view.setFloat64(24, 1e300, true)), /out of bounds/],
    ['a head turned over', changed((view) => view.setFloat64(48, 91, true)), /out of bounds/],
    ['an endless motion', changed((view) => view.setFloat32(56, Number.NEGATIVE_INFINITY, true)), /out of bounds/],
    ['a chunk before the first', changed((view) => view.setInt32(8, -2, true)), /newest chunk -2/],
  ])('refuses %s', (_, hostile, reason) => {
    const attempt = () => WorldMemory.restore(settings, hostile)
    expect(attempt).toThrow(SoraError)
    expect(attempt).toThrow(expect.objectContaining({ code: 'memory-invalid', message: expect.stringMatching(reason) }))
  })
})

describe('a memory at rest', () => {
  const resting = (index: number, more: Partial<ShownChunk> = {}) => chunk(index, more, { forward: 0.01, onGround: 3 })
  /** What it knows after so many chunks in which nothing was done. */
  function rested(chunks: number): WorldMemory {
    const memory = new WorldMemory(settings)
    for (let index = 0; index < chunks; index++) memory.observe(resting(index))
    return memory
  }
  const newest = (memory: WorldMemory) => memory.points.at(memory.points.length - 1)
  const colours = (memory: WorldMemory) => memory.points.arrays.colour.slice(0, memory.points.length * 3)

  it('takes in what it sees for three seconds, then confirms it: as it was, and seen just now', () => {
    const memory = rested(15)
    const before = colours(memory)
    expect(colours(rested(14))).not.toEqual(before)
    memory.observe(resting(15))
    memory.observe(resting(16))
    expect(colours(memory)).toEqual(before)
    expect(newest(memory).born).toBe(16)
    // A trembling pose head moves nobody who does nothing.
    expect(memory.place.pose).toEqual(startPose())
  })

  it.each([
    ['the player does something', { actions: actions(['attack']) }],
    ['the player turns', { actions: actions([], 1) }],
    ['the player is carried along', { pose: chunk(0, {}, { right: 0.1, onGround: 3 }).pose }],
    ['the player falls', { pose: chunk(0, {}, { up: -0.01, onGround: -3 }).pose }],
  ])('takes in again what it sees when %s', (_, more) => {
    const memory = rested(16)
    const before = colours(memory)
    memory.observe(resting(16, more))
    memory.observe(resting(17))
    expect(colours(memory)).not.toEqual(before)
  })

  it('does so when it is disturbed, and goes on from its bytes where it was', () => {
    const goOn = (disturbed: boolean) => {
      const memory = WorldMemory.restore(settings, rested(16).serialise())
      const before = colours(memory)
      if (disturbed) memory.disturb()
      memory.observe(resting(16))
      return { before, after: colours(memory) }
    }
    const rest = goOn(false)
    expect(rest.after).toEqual(rest.before)
    const change = goOn(true)
    expect(change.after).not.toEqual(change.before)
  })
})
