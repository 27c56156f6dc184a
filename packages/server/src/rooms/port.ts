import { createServer } from 'node:net'
import { SoraError } from '@sora-world/sdk/protocol'

/**
 * Tries a port before anything is loaded. Port 0 (any free one) is always fine.
 *
 * @throws SoraError `port-in-use`
 */
export async function checkPort(port: number, host = '127.0.0.1'): Promise<void> {
  if (port === 0) return
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(listenError(error, port)))
    probe.listen(port, host, () => probe.close(() => resolve()))
  })
}

export function listenError(error: NodeJS.ErrnoException, port: number): SoraError {
  const cause = { cause: error }
  if (error.code === 'EADDRINUSE') return new SoraError('port-in-use', `port ${port} is in use already`, cause)
  return new SoraError('option-invalid', `cannot listen on port ${port}: ${error.message}`, cause)
}
