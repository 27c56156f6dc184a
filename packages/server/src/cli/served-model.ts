const TIMEOUT_MS = 5000

/**
 * Name of the model that a server plays with, as its `/health` has it: a policy that reads latents must be that model's
 * own, and a server may have fallen back to a smaller one.
 *
 * @param url `http(s)` or `ws(s)`
 * @returns undefined where nobody answers like a world server: connecting says what is wrong
 */
export async function servedModel(url: string): Promise<string | undefined> {
  try {
    const health = new URL('health', `${url.replace(/^ws/, 'http').replace(/\/$/, '')}/`)
    const response = await fetch(health, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    const { model } = (await response.json()) as { model?: unknown }
    return typeof model === 'string' ? model : undefined
  } catch {
    return undefined
  }
}
