import { describe, expect, it } from 'vitest'
import type { ChunkHeader } from '../protocol/index.ts'
import { FAKE_MANIFEST } from '../transport/fake-manifest.ts'
import { advance, PoseTrack } from './pose-track.ts'

const ORIGIN = { x: 0, y: 0, z: 0, yaw: 0, pitch: 0 }
const STILL = { right: 0, up: 0, forward: 0, yaw: 0, pitch: 0, onGround: true }

describe('advance', () => {
  it('walks along -z at first, along +x after a quarter turn to the right', () => {
    const ahead = advance(ORIGIN, { ...STILL, forward: 2 })
    expect(ahead).toMatchObject({ x: 0, z: -2 })
    const turned = advance(ahead, { ...STILL, yaw: 90 })
    const east = advance(turned, { ...STILL, forward: 3, right: 1, up: 0.5 })
    expect(east.x).toBeCloseTo(3)
    expect(east.y).toBeCloseTo(0.5)
    expect(east.z).toBeCloseTo(-1)
  })

  it('does not look further than straight up or down', () => {
    expect(advance({ ...ORIGIN, pitch: 80 }, { ...STILL, pitch: 30 }).pitch).toBe(90)
  })
})

describe('PoseTrack', () => {
  const header = (pose: number[]) => ({ frames: 2, pose }) as ChunkHeader

  it('adds up the frames of a chunk and goes on with the next', () => {
    const track = new PoseTrack(FAKE_MANIFEST)
    const step = [0, 0, 1, 0, 0, -3]
    const poses = track.follow(header([...step, ...step]))
    expect(poses?.map(({ pose }) => pose.z)).toEqual([-1, -2])
    expect(poses?.[0]?.step.onGround).toBe(false)
    expect(track.follow(header([...step, ...step]))?.[1]?.pose.z).toBe(-4)
    track.reset()
    expect(track.follow(header([...step, ...step]))?.[0]?.pose.z).toBe(-1)
  })

  it('says nothing where the model says nothing', () => {
    expect(new PoseTrack({ ...FAKE_MANIFEST, pose: null }).follow(header([]))).toBeNull()
    expect(new PoseTrack(FAKE_MANIFEST).follow(header([1, 2, 3]))).toBeNull()
  })
})
