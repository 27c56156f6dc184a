import { expect, it } from 'vitest'
import { RateLimit } from './rate-limit.ts'

it('takes so many a second, tells once, and starts again', () => {
  const limit = new RateLimit(2)
  expect([0, 1, 2, 3, 999].map((now) => limit.take(now))).toEqual(['take', 'take', 'drop-and-tell', 'drop', 'drop'])
  expect([1000, 1001, 1002].map((now) => limit.take(now))).toEqual(['take', 'take', 'drop-and-tell'])
})
