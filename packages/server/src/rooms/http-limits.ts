import type { IncomingMessage, Server, ServerResponse } from 'node:http'

/** Join options are small; this only bounds what a stranger can make the server hold in memory. */
const MAX_BODY_BYTES = 64 * 1024

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
  return Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES ? 413 : null
}
