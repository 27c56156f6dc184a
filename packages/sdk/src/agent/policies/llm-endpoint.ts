import { SoraError } from '../../protocol/index.ts'

export interface LlmMessage {
  role: 'system' | 'user' | 'assistant'
  content: string | readonly ({ type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } })[]
}

export interface EndpointOptions {
  /** Base address of an OpenAI-compatible API, up to `/v1`. */
  url: string
  model: string
  apiKey?: string
  /** For one answer. */
  timeoutMs?: number
  fetch?: typeof fetch
}

const DEFAULT_TIMEOUT_MS = 20_000
/** Of what an endpoint says, in an error. */
const QUOTED = 200
/** A language model has nothing to say that is longer. */
const MAX_ANSWER = 1_000_000

/**
 * One chat completion.
 *
 * @throws SoraError `endpoint-failed` when it is down, refuses, or answers something that is no completion; `timeout`;
 *   `signal.reason` when aborted
 */
export async function complete(
  options: EndpointOptions,
  messages: readonly LlmMessage[],
  signal?: AbortSignal,
): Promise<string> {
  const { url, timeoutMs = DEFAULT_TIMEOUT_MS } = options
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await ask(options, messages, signal ? AbortSignal.any([signal, timeout]) : timeout)
    const text = await response.text()
    if (!response.ok) throw failed(url, `answered ${response.status}: ${quote(text)}`)
    return contentOf(url, text)
  } catch (cause) {
    if (cause instanceof SoraError) throw cause
    signal?.throwIfAborted()
    if (timeout.aborted) throw new SoraError('timeout', `${url} did not answer within ${timeoutMs / 1000} s`, { cause })
    throw failed(url, `cannot be reached: ${reason(cause)}`, cause)
  }
}

function ask(options: EndpointOptions, messages: readonly LlmMessage[], signal: AbortSignal): Promise<Response> {
  const { url, model, apiKey, fetch = globalThis.fetch } = options
  return fetch(`${url.replace(/\/+$/, '')}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) },
    body: JSON.stringify({ model, messages }),
    signal,
  })
}

function contentOf(url: string, text: string): string {
  if (text.length > MAX_ANSWER) throw failed(url, `answered ${text.length} characters`)
  let content: unknown
  try {
    content = JSON.parse(text)?.choices?.[0]?.message?.content
  } catch (cause) {
    throw failed(url, `answered something that is not JSON: ${quote(text)}`, cause)
  }
  if (typeof content !== 'string') throw failed(url, `answered without a message: ${quote(text)}`)
  return content
}

function reason(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  // `fetch` hides what went wrong behind "fetch failed".
  return thrown.cause instanceof Error && thrown.cause.message ? thrown.cause.message : thrown.message
}

function quote(text: string): string {
  const short = text.length > QUOTED ? `${text.slice(0, QUOTED)}...` : text
  return JSON.stringify(short)
}

function failed(url: string, words: string, cause?: unknown): SoraError {
  return new SoraError('endpoint-failed', `${url} ${words}`, { cause })
}
