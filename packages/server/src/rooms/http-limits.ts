import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { LIMITS } from '@sora-world/sdk/protocol'

/** Join options are small; this only bounds what a stranger can make the server hold in memory. */
const MAX_BODY_BYTES = 64 * 1024
/** Worlds are larger. */
const WORLDS_PATH = '/worlds'

/** Refuses large bodies, and those that do not say how large they are, before anybody reads them. */
export function limitBodies(server: Server): void {
  const listeners = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[]
  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    const status = refusedStatus(request)
    if (status === null) for (const listener of listeners) listener.call(server, request, response)
    else response.writeHead(status, { Connection: 'close' }).end()
  })
}

function refusedStatus(request: IncomingMessage): number | null {
  if (request.headers['transfer-encoding'] !== undefined) return 411
  const limit = request.method === 'POST' && request.url === WORLDS_PATH ? LIMITS.worldBytes : MAX_BODY_BYTES
  return Number(request.headers['content-length'] ?? 0) > limit ? 413 : null
}
