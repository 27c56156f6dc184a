import { expect, it } from 'vitest'
import type { Reward } from './env-options.ts'
import type { Observation } from './observation.ts'
import {
  brightness,
  captionMatch,
  distanceFromStart,
  distanceWalked,
  heightGained,
  lookedAtNear,
  newGround,
  openView,
  sumOf,
} from './rewards.ts'

const at = (x: number, y: number, z: number) => ({ pose: { x, y, z, yaw: 0, pitch: 0 }, depth: null }) as Observation
const seeing = (inverse: number[]) =>
  ({ pose: null, depth: { inverse: Float32Array.from(inverse), width: 2, height: 2 } }) as unknown as Observation
const of = (reward: Reward, before: Observation, after: Observation) => reward({ before, after, actions: [] })

it('knows distances over the ground and heights', () => {
  expect(of(distanceWalked(), at(1, 0, 1), at(4, 9, 5))).toBe(5)
  expect(of(distanceFromStart(), at(3, 0, 4), at(0, 0, 1))).toBe(-4)
  expect(of(heightGained(), at(0, 2, 0), at(8, 1, 0))).toBe(-1)
})

it('rewards new ground once', () => {
  const reward = newGround(4)
  const path = [at(1, 0, 1), at(2, 0, 1), at(5, 0, 1), at(2, 0, 1), at(5, 0, 9)]
  expect(path.slice(1).map((after, i) => of(reward, path[i]!, after))).toEqual([0, 1, 0, 1])
})

it('reads the depth', () => {
  const near = seeing([0.5, 0.1, 0, 0.2])
  expect([1, 3, 11].map((blocks) => of(lookedAtNear(blocks), near, near))).toEqual([0, 1, 1])
  expect(of(openView(8), near, near)).toBe(0.5)
})

it('reads the brightness', () => {
  const half = { frame: Uint8Array.of(0, 255, 255, 0, 0, 255) } as Observation
  expect(of(brightness(), half, half)).toBeCloseTo(0.5)
})

it('adds up with weights', () => {
  expect(of(sumOf([distanceWalked(), 1], [heightGained(), -2]), at(0, 0, 0), at(0, 1, 3))).toBe(1)
})

it('gives nothing where the model tells nothing', () => {
  const blind = { pose: null, depth: null } as Observation
  const rewards = [distanceWalked(), distanceFromStart(), heightGained(), newGround(), lookedAtNear(), openView()]
  expect(rewards.map((reward) => of(reward, blind, blind))).toEqual([0, 0, 0, 0, 0, 0])
})

it('compares what is described with a caption, word by word', () => {
  const after = { description: 'a snowy forest at dusk', caption: 'a snowy plain at the dusk, it snows' } as Observation
  // snowy and dusk of snowy, plain, dusk, snows
  expect(of(captionMatch(), after, after)).toBe(0.5)
  expect(of(captionMatch('Forest!'), after, after)).toBe(1)
  expect(of(captionMatch('in the'), after, after)).toBe(0)
  const mute = { ...after, description: null }
  expect(() => of(captionMatch(), mute, mute)).toThrow(expect.objectContaining({ code: 'unsupported' }))
})
