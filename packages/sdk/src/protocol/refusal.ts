import { ERROR_CODES, type ErrorCode, SoraError } from './errors.ts'

/**
 * A refused join reaches the client as one line of text and a number that Colyseus chooses, so the stable code stands
 * at the start of the text: `busy: the server has 16 worlds already`.
 */
export function refusalText(error: SoraError): string {
  return `${error.code}: ${error.message}`
}

/** The typed error in a refusal's text, or null for a text that did not come from {@link refusalText}. */
export function parseRefusal(text: string): SoraError | null {
  const colon = text.indexOf(': ')
  const code = text.slice(0, Math.max(0, colon))
  if (!(ERROR_CODES as readonly string[]).includes(code)) return null
  return new SoraError(code as ErrorCode, text.slice(colon + 2))
}
