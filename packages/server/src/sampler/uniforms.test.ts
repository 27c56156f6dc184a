import { describe, expect, it } from 'vitest'
import { chunkNoise } from './noise.ts'
import { chunkUniforms } from './uniforms.ts'

describe('chunkUniforms', () => {
  it('depends on seed and chunk alone, and a longer draw begins like a shorter one', () => {
    const draw = chunkUniforms(7, 3, 10)
    expect(chunkUniforms(7, 3, 10)).toEqual(draw)
    expect(chunkUniforms(7, 3, 5)).toEqual(draw.slice(0, 5))
    expect(chunkUniforms(8, 3, 10)).not.toEqual(draw)
    expect(chunkUniforms(7, 4, 10)).not.toEqual(draw)
    expect(chunkUniforms(7, 3 + 2 ** 32, 10)).not.toEqual(draw)
  })

  it('is spread evenly over [0, 1)', () => {
    const draw = chunkUniforms(1, 0, 20_000)
    const bins = new Array(10).fill(0)
    for (const value of draw) bins[Math.floor(value * 10)]++
    for (const size of bins) expect(Math.abs(size - 2000)).toBeLessThan(200)
    expect(draw.every((value) => value >= 0 && value < 1)).toBe(true)
  })

  it('is not the noise of the chunk', () => {
    const draw = chunkUniforms(1, 0, 1000)
    const noise = chunkNoise(1, 0, 'initial', 1000)
    const product = draw.reduce((sum, value, i) => sum + (value - 0.5) * noise[i]!, 0) / 1000
    expect(Math.abs(product)).toBeLessThan(0.05)
  })
})
