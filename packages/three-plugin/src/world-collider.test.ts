import OLD_RAPIER from '@dimforge/rapier3d-compat'
import { type Frame, SoraError } from '@sora-world/sdk'
import NEW_RAPIER from 'rapier-current'
import { describe, expect, it, vi } from 'vitest'
import { FLAT_GROUND, flatWorldFrame } from '../../sdk/src/space/flat-world.ts'
import { FAKE_MANIFEST } from '../../sdk/src/transport/fake-manifest.ts'
import type { SpaceWorld } from './world-backdrop.ts'
import { WorldCollider } from './world-collider.ts'

const START = { x: 0, y: 0, z: 0, yaw: 0, pitch: 0 }

function setUp(manifest = FAKE_MANIFEST) {
  const listeners = new Set<(frame: Frame) => void>()
  const world = {
    on(_name: string, listener: (frame: Frame) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    update: () => null,
    manifest,
  } as unknown as SpaceWorld
  const alive = new Set<object>()
  const rapier = {
    ColliderDesc: {
      cuboid: (x: number, y: number, z: number) => ({
        half: [x, y, z],
        at: [0, 0, 0],
        setTranslation(...at: number[]) {
          this.at = at
        },
      }),
    },
  }
  const physics = {
    createCollider: vi.fn((desc: { half: number[]; at: number[] }) => {
      alive.add(desc)
      return desc
    }),
    removeCollider: vi.fn((desc: object) => void alive.delete(desc)),
  }
  const show = (frame: Frame) => {
    for (const listener of listeners) listener(frame)
  }
  return { world, rapier, physics, alive, show, listeners }
}

function errorOf(run: () => unknown): SoraError {
  try {
    run()
  } catch (error) {
    if (error instanceof SoraError) return error
  }
  throw new Error('no SoraError was thrown')
}

describe('WorldCollider', () => {
  it('has its tops where the ground was seen, and only near the player', () => {
    const { world, rapier, physics, alive, show } = setUp()
    const solid = new WorldCollider(world, { rapier, physics, radius: 6 })
    show(flatWorldFrame(START))
    expect(solid.size).toBeGreaterThan(30)
    expect(alive.size).toBe(solid.size)
    for (const { half, at } of alive as Set<{ half: number[]; at: number[] }>) {
      expect(Math.abs(at[1]! + half[1]! - FLAT_GROUND)).toBeLessThan(0.3)
      expect(Math.hypot(at[0]!, at[2]!)).toBeLessThanOrEqual(6)
    }
  })

  it('changes nothing where nothing changed, and looks at one frame of a chunk', () => {
    const { world, rapier, physics, show } = setUp()
    const solid = new WorldCollider(world, { rapier, physics })
    show(flatWorldFrame(START))
    const made = physics.createCollider.mock.calls.length
    show(flatWorldFrame(START))
    expect(solid.map.version).toBe(1)
    show(flatWorldFrame(START, { seq: 1 }))
    expect(solid.map.version).toBe(2)
    expect(physics.createCollider.mock.calls.length).toBe(made)
    expect(physics.removeCollider).not.toHaveBeenCalled()
  })

  it('follows the player, and dispose leaves nothing', () => {
    const { world, rapier, physics, alive, show, listeners } = setUp()
    const solid = new WorldCollider(world, { rapier, physics, radius: 6 })
    show(flatWorldFrame(START))
    show(flatWorldFrame({ ...START, z: -40 }, { seq: 1 }))
    for (const { at } of alive as Set<{ at: number[] }>) expect(at[2]).toBeLessThan(-30)
    solid.dispose()
    expect(alive.size).toBe(0)
    expect(listeners.size).toBe(0)
  })

  it('spreads many columns over the frames of a chunk, and forgets those that are no more', () => {
    const { world, rapier, physics, alive, show } = setUp()
    const solid = new WorldCollider(world, { rapier, physics, radius: 10 })
    show(flatWorldFrame(START))
    const turned = flatWorldFrame({ ...START, yaw: 90 }, { seq: 1 })
    const counts = [solid.size]
    for (let frame = 0; frame < 8; frame++) {
      show(turned)
      counts.push(solid.size)
    }
    expect(counts[1]! - counts[0]!).toBeLessThanOrEqual(100)
    expect(counts[2]).toBeGreaterThan(counts[1]!)
    expect(counts.at(-1)).toBe(counts.at(-2))
    // A new world, in which nothing is seen yet.
    show({ ...turned, world: 1, seq: 0, inverseDepth: new Float32Array(160) })
    expect(alive.size).toBe(0)
  })

  it.each([
    ['0.12', OLD_RAPIER],
    ['0.21', NEW_RAPIER as unknown as typeof OLD_RAPIER],
  ])('holds up a ball in Rapier %s', async (_version, rapier) => {
    await rapier.init()
    const { world, show } = setUp()
    const physics = new rapier.World({ x: 0, y: -9.81, z: 0 })
    const solid = new WorldCollider(world, { rapier, physics })
    for (let seq = 0; seq < 2; seq++) show(flatWorldFrame(START, { seq }))
    const ball = physics.createRigidBody(rapier.RigidBodyDesc.dynamic().setTranslation(0.1, 0, -5))
    physics.createCollider(rapier.ColliderDesc.ball(0.2).setFriction(1), ball)
    for (let step = 0; step < 240; step++) physics.step()
    expect(Math.abs(ball.translation().y - 0.2 - FLAT_GROUND)).toBeLessThan(0.3)
    solid.dispose()
    expect(physics.colliders.len()).toBe(1)
    physics.free()
  })

  it('without Rapier says what to install', () => {
    const { world, physics } = setUp()
    const error = errorOf(() => new WorldCollider(world, { rapier: undefined, physics }))
    expect(error.code).toBe('unsupported')
    expect(error.message).toContain('npm install @dimforge/rapier3d')
  })

  it('refuses a model without depth', () => {
    const { world, rapier, physics } = setUp({ ...FAKE_MANIFEST, outputs: ['rgb', 'pose'] })
    expect(errorOf(() => new WorldCollider(world, { rapier, physics })).message).toContain('WorldCollider needs depth')
  })
})
