/** Everything that can go wrong, as a program sees it. The words for a person are in the error's message. */
export const ERROR_CODES = [
  'action-invalid',
  'aborted',
  'busy',
  'clip-invalid',
  'connection-lost',
  'decoder-failed',
  'decoder-slow',
  'endpoint-failed',
  'env-state',
  'internal',
  'memory-invalid',
  'message-invalid',
  'message-unknown',
  'model-invalid',
  'model-missing',
  'model-tampered',
  'model-version',
  'no-wasm',
  'no-webgl',
  'not-driver',
  'option-invalid',
  'output-failed',
  'packet-invalid',
  'policy-failed',
  'policy-slow',
  'port-in-use',
  'prompt-empty',
  'prompt-too-long',
  'protocol-version',
  'provider-unavailable',
  'rate-limited',
  'room-missing',
  'script-invalid',
  'store-failed',
  'timeout',
  'unsupported',
  'worker-crashed',
  'world-invalid',
  'world-mismatch',
  'world-missing',
  'world-version',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** The one error type of the project: a stable `code` for programs, a sentence for people. */
export class SoraError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SoraError'
    this.code = code
  }

  /** The plain object that travels in an `error` message. */
  toJSON(): ErrorNotice {
    return { code: this.code, message: this.message }
  }
}

export interface ErrorNotice {
  code: ErrorCode
  message: string
}

/** Wraps whatever was thrown, so that callers can always read `.code`. */
export function toSoraError(thrown: unknown, code: ErrorCode = 'internal'): SoraError {
  if (thrown instanceof SoraError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new SoraError(code, message, { cause: thrown })
}
