import { expect, it } from 'vitest'
import { RestartPolicy } from './restart-policy.ts'

it('waits longer from crash to crash and gives up at the fifth in a minute', () => {
  const policy = new RestartPolicy()
  expect([0, 10, 20, 30, 40].map((at) => policy.crashed(at))).toEqual([100, 200, 400, 800, 'give-up'])
})

it('forgets crashes that are more than a minute old', () => {
  const policy = new RestartPolicy()
  for (let hour = 0; hour < 10; hour++) expect(policy.crashed(hour * 3_600_000)).toBe(100)
})
