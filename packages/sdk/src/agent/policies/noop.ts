import { type Policy, policyOf } from '../policy.ts'

/** Does nothing. */
export function noop(): Policy<unknown> {
  return policyOf('noop', () => ({}))
}
