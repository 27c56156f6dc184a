import { ERROR_CODES, type ErrorCode, SoraError } from '../protocol/index.ts'

const CODES: readonly string[] = ERROR_CODES

/**
 * Makes one of our errors from what a failed join threw.
 *
 * A room refuses with `{code, message}` as JSON text, or with a message that starts with one of our codes; Colyseus
 * itself answers with its matchmaking numbers; anything else means that nobody was there.
 */
export function joinError(thrown: unknown): SoraError {
  if (thrown instanceof SoraError) return thrown
  const { message = '', code } = (thrown ?? {}) as { message?: string; code?: unknown }
  const cause = { cause: thrown }
  const notice = readNotice(message)
  if (notice) return new SoraError(notice.code, notice.message, cause)
  // 522 invalid room id, 524 expired, 520 no handler for the room's name
  if (code === 522 || code === 524) return new SoraError('room-missing', `there is no such room: ${message}`, cause)
  if (code === 520) return new SoraError('room-missing', `the server offers no worlds: ${message}`, cause)
  if (typeof code === 'number' && code >= 400) return new SoraError('internal', `the server refused: ${message}`, cause)
  return new SoraError('connection-lost', `no server answered: ${message || 'connection failed'}`, cause)
}

function readNotice(text: string): { code: ErrorCode; message: string } | null {
  try {
    const { code, message } = JSON.parse(text) as { code?: string; message?: string }
    if (code && CODES.includes(code)) return { code: code as ErrorCode, message: message ?? code }
  } catch {
    // Not JSON: look for "code: words" below.
  }
  const match = /^([a-z-]+):\s*(.+)$/s.exec(text)
  return match && CODES.includes(match[1]!) ? { code: match[1] as ErrorCode, message: match[2]! } : null
}
