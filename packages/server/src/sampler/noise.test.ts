import { describe, expect, it } from 'vitest'
import { chunkNoise, philox } from './noise.ts'
import { NoiseAhead } from './noise-ahead.ts'

describe('philox', () => {
  it('gives the known answers of Random123', () => {
    expect(philox([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8])
    const ones = 0xffffffff
    expect(philox([ones, ones, ones, ones], [ones, ones])).toEqual([0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd])
    expect(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
    ])
  })
})

describe('chunkNoise', () => {
  it('depends on seed, chunk and stream, and on nothing else', () => {
    const noise = chunkNoise(7, 3, 'initial', 10)
    expect(chunkNoise(7, 3, 'initial', 10)).toEqual(noise)
    expect(chunkNoise(8, 3, 'initial', 10)).not.toEqual(noise)
    expect(chunkNoise(7, 4, 'initial', 10)).not.toEqual(noise)
    expect(chunkNoise(7, 3, 'commit', 10)).not.toEqual(noise)
  })

  it('does not repeat after 2^32 chunks', () => {
    expect(chunkNoise(7, 3 + 2 ** 32, 'initial', 4)).not.toEqual(chunkNoise(7, 3, 'initial', 4))
  })

  it('gives the same start whatever the length', () => {
    expect(chunkNoise(1, 0, 'initial', 9)).toEqual(chunkNoise(1, 0, 'initial', 100).slice(0, 9))
  })

  it('is standard normal', () => {
    const noise = chunkNoise(42, 0, 'initial', 40_000)
    const mean = noise.reduce((sum, x) => sum + x, 0) / noise.length
    const variance = noise.reduce((sum, x) => sum + (x - mean) ** 2, 0) / noise.length
    const beyondTwo = noise.filter((x) => Math.abs(x) > 2).length / noise.length
    expect(mean).toBeCloseTo(0, 1)
    expect(variance).toBeCloseTo(1, 1)
    expect(beyondTwo).toBeCloseTo(0.0455, 2)
  })
})

describe('NoiseAhead', () => {
  it('is the same noise, drawn ahead or not', () => {
    const ahead = new NoiseAhead(7, 12)
    ahead.draw(5)
    for (const index of [4, 5, 6]) {
      for (const stream of ['initial', 'commit'] as const) {
        expect(ahead.at(index, stream)).toEqual(chunkNoise(7, index, stream, 12))
      }
    }
    expect(ahead.at(5, 'commit')).toBe(ahead.at(5, 'commit'))
  })
})
