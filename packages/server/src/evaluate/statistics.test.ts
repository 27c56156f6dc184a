import { describe, expect, it } from 'vitest'
import { mean, median, microF1, share } from './statistics.ts'

describe('statistics', () => {
  it('says null of nothing', () => {
    expect([mean([]), median([]), share([], () => true), microF1([[]], [[]], ['jump'])]).toEqual([
      null,
      null,
      null,
      null,
    ])
  })

  it('takes the middle', () => {
    expect(median([9, 1, 2])).toBe(2)
    expect(median([4, 1, 2, Number.POSITIVE_INFINITY])).toBe(3)
  })

  it('counts keys that were pressed, not keys that were not', () => {
    const truth = [['forward'], ['forward', 'jump'], [], ['attack']]
    expect(microF1(truth, truth, ['forward', 'jump'])).toBe(1)
    expect(microF1(truth, [[], [], [], []], ['forward', 'jump'])).toBe(0)
    // Two hits, one missed, one invented: 2 * 2 / (3 + 3).
    expect(microF1(truth, [['forward'], ['forward'], ['jump'], []], ['forward', 'jump'])).toBeCloseTo(4 / 6)
  })
})
