import { LIMITS, SoraError } from '@sora-world/sdk'

const MAGIC = 'SORAWRLD'
const VERSION = 1
const HEAD_BYTES = 48
const MAX_BODY_BYTES = 64 * 1024 * 1024

/** What a world file says of itself. */
export interface WorldFileFacts {
  prompt: string
  /** The prompt and what was said since. */
  caption: string
  /** Name and version. */
  model: string
  rngSeed: number
  width: number
  height: number
  /** Denoise steps per chunk. */
  steps: number
  /** Chunks played. */
  chunks: number
  /** WebP of the last frame; null when the file has none. */
  picture: Uint8Array<ArrayBuffer> | null
}

/**
 * Reads what the gallery shows of a world file (docs/worlds.md), and finds what is no world file before anything is sent or
 * kept. The server looks closer when the world is opened.
 *
 * @throws SoraError `world-invalid` for what is cut, foreign or damaged; `world-version` for a file of another version
 */
export async function readWorldFacts(bytes: Uint8Array<ArrayBuffer>): Promise<WorldFileFacts> {
  const body = await readBody(bytes)
  const headerLength = new DataView(body.buffer).getUint32(0, true)
  if (headerLength > body.length - 4) refuse('the world file is damaged: its head is longer than the file')
  return factsOf(parseHeader(body.subarray(4, 4 + headerLength)), body)
}

async function readBody(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  if (new TextDecoder('latin1').decode(bytes.subarray(0, MAGIC.length)) !== MAGIC)
    refuse('This is not a world file. Worlds that were saved here end in “.soraworld”.')
  if (bytes.length > LIMITS.worldBytes) refuse('This file is larger than a world can be.')
  if (bytes.length <= HEAD_BYTES) refuse('The world file is cut off.')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = view.getUint16(8, true)
  if (version !== VERSION) {
    const words = `The world file has version ${version}; this page reads ${VERSION}. Save it anew with the page that made it.`
    throw new SoraError('world-version', words)
  }
  const packed = bytes.subarray(HEAD_BYTES)
  if (!(await isWhole(packed, bytes.subarray(16, HEAD_BYTES)))) refuse('The world file is cut off or damaged.')
  return inflate(packed, view.getUint32(12, true))
}

/** Browsers have SHA-256 on secure pages only; elsewhere the server is the first to look. */
async function isWhole(packed: Uint8Array<ArrayBuffer>, hash: Uint8Array): Promise<boolean> {
  if (!globalThis.crypto?.subtle) return true
  const found = new Uint8Array(await crypto.subtle.digest('SHA-256', packed))
  return found.every((byte, i) => byte === hash[i])
}

async function inflate(packed: Uint8Array<ArrayBuffer>, length: number): Promise<Uint8Array<ArrayBuffer>> {
  if (length < 4 || length > MAX_BODY_BYTES) refuse('The world file is damaged: its length cannot be.')
  const body = new Uint8Array(length)
  let at = 0
  try {
    const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate')).getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      // Throws when there is more than the file says: a small file must not fill the memory.
      body.set(part.value, at)
      at += part.value.length
    }
  } catch (cause) {
    throw new SoraError('world-invalid', 'The world file is damaged: it cannot be unpacked.', { cause })
  }
  if (at !== length) refuse('The world file is cut off.')
  return body
}

function parseHeader(json: Uint8Array): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(json))
    if (typeof header === 'object' && header !== null) return header as Record<string, unknown>
  } catch {
    // Falls through to the refusal.
  }
  return refuse('The world file is damaged: its head cannot be read.')
}

function factsOf(header: Record<string, unknown>, body: Uint8Array<ArrayBuffer>): WorldFileFacts {
  const { model, size, log } = header as Record<string, Record<string, unknown> | undefined>
  const captions = (log?.captions ?? []) as { value?: unknown }[]
  const pictureBytes = wholeNumber(header.picture)
  if (typeof header.prompt !== 'string') refuse('The world file is damaged: it has no prompt.')
  return {
    prompt: header.prompt.slice(0, LIMITS.promptLength),
    caption: String(captions.at(-1)?.value ?? header.prompt).slice(0, LIMITS.promptLength),
    model: `${String(model?.name ?? '?')} ${String(model?.version ?? '')}`.trim(),
    rngSeed: wholeNumber(header.rngSeed),
    width: wholeNumber(size?.width),
    height: wholeNumber(size?.height),
    steps: wholeNumber(header.steps),
    chunks: wholeNumber(header.next),
    picture: pictureBytes > 0 && pictureBytes < body.length ? body.slice(body.length - pictureBytes) : null,
  }
}

function wholeNumber(value: unknown): number {
  return Number.isInteger(value) && Number(value) >= 0 ? Number(value) : 0
}

function refuse(words: string): never {
  throw new SoraError('world-invalid', words)
}
