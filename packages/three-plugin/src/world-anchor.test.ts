import { cameraView, type Frame, SoraError, unproject } from '@sora-world/sdk'
import { PerspectiveCamera, Vector3 } from 'three'
import { describe, expect, it } from 'vitest'
import { FLAT_GROUND, flatWorldFrame } from '../../sdk/src/space/flat-world.ts'
import { FAKE_MANIFEST } from '../../sdk/src/transport/fake-manifest.ts'
import { followPose } from './follow-pose.ts'
import { WorldAnchor } from './world-anchor.ts'
import { type SpaceWorld, WorldBackdrop } from './world-backdrop.ts'

const START = { x: 0, y: 0, z: 0, yaw: 0, pitch: 0 }

function scriptedWorld(manifest = FAKE_MANIFEST) {
  const listeners = new Set<(frame: Frame) => void>()
  const on = (_name: string, listener: (frame: Frame) => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  const show = (frame: Frame) => {
    for (const listener of listeners) listener(frame)
  }
  return { world: { on, update: () => null, manifest } as unknown as SpaceWorld, listeners, show }
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    return error instanceof SoraError ? error.code : String(error)
  }
}

describe('followPose', () => {
  it.each([
    ['as wide as the picture', 1.6],
    ['wider', 2.4],
    ['narrower', 1],
  ])('gives a view %s the lens and place of the frame', (_words, aspect) => {
    const pose = { x: 4, y: 1, z: -7, yaw: 200, pitch: 12 }
    const camera = new PerspectiveCamera(75, aspect, 0.1, 100)
    expect(followPose(camera, flatWorldFrame(pose), FAKE_MANIFEST)).toBe(true)
    const place = unproject(cameraView(pose, 60, 1.6), 0.4, 0.55, 6)
    const seen = new Vector3(...place).project(camera)
    // `cover` enlarges the picture by what the view is wider or narrower.
    const [wide, high] = [Math.max(1, 1.6 / aspect), Math.max(1, aspect / 1.6)]
    expect(seen.x).toBeCloseTo((2 * 0.4 - 1) * wide, 5)
    expect(seen.y).toBeCloseTo((1 - 2 * 0.55) * high, 5)
  })

  it('leaves the camera alone for a frame without pose', () => {
    const camera = new PerspectiveCamera()
    expect(followPose(camera, { ...flatWorldFrame(START), pose: null }, FAKE_MANIFEST)).toBe(false)
    expect(camera.position.length()).toBe(0)
  })
})

describe('WorldAnchor', () => {
  it('stays where it was put while the player walks, turns away and comes back', () => {
    const { world, show } = scriptedWorld()
    const anchor = new WorldAnchor(world)
    expect(anchor.placeOnPicture(0.5, 0.9)).toBe(false)
    show(flatWorldFrame(START))
    expect(anchor.placeOnPicture(0.5, 0.1)).toBe(false)
    expect(anchor.placeOnPicture(0.53, 0.95)).toBe(true)
    expect(Math.abs(anchor.position.y - FLAT_GROUND)).toBeLessThan(0.1)
    const before = anchor.position.clone()
    show(flatWorldFrame({ ...START, z: -3, yaw: 180 }))
    show(flatWorldFrame(START))
    expect(anchor.position.equals(before)).toBe(true)
    expect(anchor.visible).toBe(true)
  })

  it('has no place in another world', () => {
    const { world, show, listeners } = scriptedWorld()
    const anchor = new WorldAnchor(world)
    show(flatWorldFrame(START))
    anchor.placeAt(new Vector3(0, -1, -4))
    show(flatWorldFrame(START, { world: 1 }))
    expect(anchor.visible).toBe(false)
    anchor.dispose()
    expect(listeners.size).toBe(0)
  })

  it('refuses a model without pose', () => {
    const { world } = scriptedWorld({ ...FAKE_MANIFEST, outputs: ['rgb', 'depth'] })
    expect(codeOf(() => new WorldAnchor(world))).toBe('unsupported')
  })
})

describe('WorldBackdrop', () => {
  it('refuses a model without depth by name, and keeps the world it had', () => {
    const [good, flat] = [scriptedWorld(), scriptedWorld({ ...FAKE_MANIFEST, outputs: ['rgb'] })]
    const backdrop = new WorldBackdrop()
    backdrop.setWorld(good.world)
    expect(codeOf(() => backdrop.setWorld(flat.world))).toBe('unsupported')
    expect(good.listeners.size).toBe(2)
    backdrop.dispose()
    expect(good.listeners.size).toBe(0)
  })

  it('shows a frame without depth as sky', () => {
    const { world, show } = scriptedWorld()
    const backdrop = new WorldBackdrop()
    backdrop.setWorld(world)
    show(flatWorldFrame(START))
    const values = () => [...(backdrop.depthTexture.image.data as unknown as Float32Array)]
    expect(Math.max(...values())).toBeGreaterThan(0.3)
    show({ ...flatWorldFrame(START), inverseDepth: null })
    expect(Math.max(...values())).toBe(0)
  })
})
