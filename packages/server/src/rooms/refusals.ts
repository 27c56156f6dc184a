import { ServerError } from '@colyseus/core'
import { type ErrorCode, refusalText, toSoraError } from '@sora-world/sdk/protocol'

/** Colyseus answers a refused join with an HTTP status; the words carry our code, see `refusalText`. */
const HTTP_STATUS: Partial<Record<ErrorCode, number>> = { busy: 503, 'protocol-version': 426, internal: 500 }
const BAD_REQUEST = 400

/** What a room throws to refuse a join. */
export function refusal(thrown: unknown): ServerError {
  if (thrown instanceof ServerError) return thrown
  const error = toSoraError(thrown)
  return new ServerError(HTTP_STATUS[error.code] ?? BAD_REQUEST, refusalText(error))
}
