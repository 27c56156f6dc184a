import { ERROR_CODES, type ErrorCode, SoraError } from '../protocol/index.ts'

const CODES: ReadonlySet<string> = new Set(ERROR_CODES)

/** An error as the server sent it; a code of a newer server reads as `internal`. */
export function errorFromNotice(notice: unknown): SoraError {
  const { code, message } = (notice ?? {}) as { code?: unknown; message?: unknown }
  const text = typeof message === 'string' ? message : 'the server reported a problem without words'
  return new SoraError(typeof code === 'string' && CODES.has(code) ? (code as ErrorCode) : 'internal', text)
}

/**
 * The value of a `Reply`.
 *
 * @throws SoraError that the server answered with, or `internal` when the answer has another shape
 */
export function unwrapReply<T>(reply: unknown): T {
  const answer = reply as { ok?: unknown; value?: unknown; error?: unknown } | null | undefined
  if (answer?.ok === true) return answer.value as T
  if (answer?.ok === false) throw errorFromNotice(answer.error)
  throw new SoraError('internal', 'the server answered with something that is not a reply')
}
