import { describe, expect, it } from 'vitest'
import { chunkNoise } from '../sampler/noise.ts'
import { frechetDistance } from './frechet.ts'

/** Normal vectors with the given means and deviations. */
function draw(rngSeed: number, count: number, means: readonly number[], deviations: readonly number[]): Float32Array[] {
  return Array.from({ length: count }, (_, i) => {
    const noise = chunkNoise(rngSeed, i, 'initial', means.length)
    return noise.map((value, k) => means[k]! + deviations[k]! * value)
  })
}

describe('Frechet distance', () => {
  it('is nothing between a set and itself', () => {
    const features = draw(1, 50, [1, 2, 3], [1, 2, 0.5])
    expect(frechetDistance(features, features)).toBeCloseTo(0, 6)
  })

  it('is |m1 - m2|^2 + (s1 - s2)^2 along each axis', () => {
    const a = draw(1, 20_000, [0, 0, 0], [1, 2, 1])
    const b = draw(2, 20_000, [3, 0, 0], [1, 5, 1])
    expect(frechetDistance(a, b)).toBeGreaterThan(17.5)
    expect(frechetDistance(a, b)).toBeLessThan(18.5)
  })

  it('sees correlations that no single axis shows', () => {
    const line = Array.from({ length: 400 }, (_, i) => Float32Array.of(Math.sin(i), Math.sin(i)))
    const other = Array.from({ length: 400 }, (_, i) => Float32Array.of(Math.sin(i), -Math.sin(i)))
    // Covariances are [[v, v], [v, v]] and [[v, -v], [-v, v]] with v = 1/2: their product is zero.
    expect(frechetDistance(line, other)).toBeCloseTo(2, 1)
  })

  it('is exact in 64 dimensions with fewer vectors than that', () => {
    const few = draw(3, 20, new Array(64).fill(0), new Array(64).fill(1))
    const moved = few.map((feature) => feature.map((value, i) => (i === 5 ? value + 2 : value)))
    expect(frechetDistance(few, moved)).toBeCloseTo(4, 3)
  })
})
