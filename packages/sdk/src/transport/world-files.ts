import { LIMITS, SoraError } from '../protocol/index.ts'
import { errorFromNotice } from './reply.ts'

const TIMEOUT_MS = 60_000

/**
 * Fetches a world file that a server keeps for a while.
 *
 * @throws SoraError `world-missing`, `world-invalid` when it is too large, or `connection-lost`
 */
export async function fetchWorldFile(server: string, id: string): Promise<Uint8Array> {
  const response = await call(new URL(`/worlds/${encodeURIComponent(id)}`, server))
  if (Number(response.headers.get('content-length') ?? 0) > LIMITS.worldBytes) {
    await response.body?.cancel()
    throw new SoraError('world-invalid', 'the server sends more than a world file may have')
  }
  return new Uint8Array(await response.arrayBuffer().catch(lost))
}

/**
 * Sends a world file; resolves to the id under which the server keeps it for a while.
 *
 * @throws SoraError `world-invalid`, `world-version` or `world-mismatch` as the server found; `busy`, `connection-lost`
 */
export async function sendWorldFile(server: string, bytes: Uint8Array): Promise<string> {
  if (bytes.length > LIMITS.worldBytes) throw new SoraError('world-invalid', `${bytes.length} bytes are no world file`)
  const headers = { 'Content-Type': 'application/octet-stream' }
  const response = await call(new URL('/worlds', server), { method: 'POST', headers, body: bytes.slice() })
  const { id } = (await response.json().catch(lost)) as { id?: unknown }
  if (typeof id !== 'string') throw new SoraError('internal', 'the server did not say where it keeps the world')
  return id
}

async function call(url: URL, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(lost)
  if (response.ok) return response
  const notice: unknown = await response.json().catch(() => null)
  throw errorFromNotice(notice ?? { code: 'internal', message: `the server answered ${response.status}` })
}

function lost(cause: unknown): never {
  throw new SoraError('connection-lost', 'the connection broke while a world was carried', { cause })
}
