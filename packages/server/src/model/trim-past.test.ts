import { describe, expect, it } from 'vitest'
import { trimPast } from './trim-past.ts'

const dims = { contextChunks: 3, tokens: 2, headDim: 2 }
/** Two rows (layers, rollouts and heads) of 3 slots with 4 numbers each: row, slot and place can be read off. */
const past = Float32Array.from(
  [0, 1].flatMap((row) => [0, 1, 2].flatMap((slot) => [0, 1, 2, 3].map((i) => row * 100 + slot * 10 + i))),
)

function trimmed(mask: number[], chunks = 1) {
  return trimPast({ mask: Float32Array.from(mask), pastKey: past, pastValue: past, chunks }, dims)
}

describe('trimPast', () => {
  it('hands on a full cache without a copy', () => {
    const full = trimmed([1, 1, 1, 1])
    expect(full.pastKey).toBe(past)
    expect(full.slots).toBe(3)
  })

  it('leaves nothing of an empty cache', () => {
    const empty = trimmed([0, 0, 0, 1])
    expect(empty.slots).toBe(0)
    expect([...empty.mask]).toEqual([1])
    expect(empty.pastKey).toHaveLength(0)
  })

  it('keeps the leading slots of every row', () => {
    const half = trimmed([1, 0, 0, 1])
    expect([...half.mask]).toEqual([1, 1])
    expect([...half.pastKey]).toEqual([0, 1, 2, 3, 100, 101, 102, 103])
  })

  it('keeps empty slots before one in use, masked', () => {
    const gap = trimmed([0, 1, 0, 1])
    expect(gap.slots).toBe(2)
    expect([...gap.mask]).toEqual([0, 1, 1])
  })

  it('keeps what any rollout or chunk attends to', () => {
    const two = trimmed([1, 0, 0, 1, 0, 1, 1, 0, 1, 1], 2)
    expect(two.slots).toBe(2)
    expect([...two.mask]).toEqual([1, 0, 1, 0, 1, 1, 1, 1])
  })
})
