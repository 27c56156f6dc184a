import { parseRefusal, SoraError } from '../protocol/index.ts'

/** Colyseus' matchmaking answers. */
const NO_SUCH_ROOM_TYPE = 520
const INVALID_ROOM_ID = 522
const EXPIRED = 524

/**
 * Makes one of our errors from what a failed join threw: a refusal in the server's own words, one of Colyseus'
 * matchmaking numbers, or else that nobody was there.
 */
export function joinError(thrown: unknown): SoraError {
  if (thrown instanceof SoraError) return thrown
  const { message = '', code } = (thrown ?? {}) as { message?: string; code?: unknown }
  const refusal = parseRefusal(message)
  if (refusal) return refusal
  const cause = { cause: thrown }
  if (code === INVALID_ROOM_ID || code === EXPIRED) {
    return new SoraError('room-missing', `there is no such room: ${message}`, cause)
  }
  if (code === NO_SUCH_ROOM_TYPE) return new SoraError('room-missing', `the server has no worlds: ${message}`, cause)
  if (typeof code === 'number' && code >= 400) return new SoraError('internal', `the server refused: ${message}`, cause)
  return new SoraError('connection-lost', `no server answered: ${message || 'connection failed'}`, cause)
}
