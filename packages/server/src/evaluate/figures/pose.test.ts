import { describe, expect, it } from 'vitest'
import type { HeldOut } from '../held-out.ts'
import { type Movement, type PoseTrail, poseFigures } from './pose.ts'

/** right, up, forward, yaw, pitch */
type Numbers = readonly [number, number, number, number, number]

const STILL: Numbers = [0, 0, 0, 0, 0]
const movement = (numbers: Numbers): Movement => ({
  shift: numbers.slice(0, 3),
  yaw: numbers[3],
  pitch: numbers[4],
})

/** A clip of true movements and what a player was told of them. */
function trail(...steps: [truth: Numbers, found: Numbers][]): PoseTrail {
  const all: typeof steps = [[STILL, STILL], ...steps]
  return {
    heldOut: { clip: { motion: all.map(([truth]) => [...truth, 1]) } } as HeldOut,
    found: all.map(([, found]) => movement(found)),
  }
}

describe('pose', () => {
  it('is measured against the way', () => {
    const figures = poseFigures([
      trail([
        [0, 0, 1, 2, 0],
        [0.3, 0, 1.4, 1, -2],
      ]),
    ])
    expect(figures).toEqual({
      translationPercent: expect.closeTo(50),
      driftPercent: expect.closeTo(50),
      yawDeg: 1,
      pitchDeg: 2,
    })
  })

  it('ends where it should when too far makes good for too short', () => {
    const figures = poseFigures([
      trail(
        [
          [0, 0, 1, 0, 0],
          [0, 0, 1.5, 0, 0],
        ],
        [
          [0, 0, 1, 0, 0],
          [0, 0, 0.5, 0, 0],
        ],
      ),
    ])
    expect(figures).toMatchObject({ translationPercent: expect.closeTo(50), driftPercent: expect.closeTo(0) })
  })

  it('leads astray after a turn that was not noticed', () => {
    const figures = poseFigures([
      trail(
        [[0, 0, 0, 90, 0], STILL],
        [
          [0, 0, 2, 0, 0],
          [0, 0, 2, 0, 0],
        ],
      ),
    ])
    expect(figures).toMatchObject({ translationPercent: 0, driftPercent: expect.closeTo(100 * Math.SQRT2) })
  })

  it('is null where nobody goes anywhere', () => {
    const figures = poseFigures([trail([STILL, [0, 0, 1, 0, 0]])])
    expect(figures).toMatchObject({ translationPercent: null, driftPercent: null })
  })
})
