import type { Clock } from '../clock.ts'
import { SoraError } from '../protocol/index.ts'
import type { Transport } from './transport.ts'

/**
 * The transport to a server. The Colyseus client is more than half of the code that a page needs, so it is loaded here, when a
 * world is really asked for, and never by those who bring a transport of their own.
 *
 * @throws SoraError `connection-lost` when its code cannot be loaded
 */
export async function openTransport(url: string, clock: Clock): Promise<Transport> {
  const loaded = import('./colyseus-transport.ts').catch((cause: unknown) => {
    throw new SoraError('connection-lost', 'the code that speaks to the server could not be loaded', { cause })
  })
  const { ColyseusTransport } = await loaded
  return new ColyseusTransport(url, { clock })
}
