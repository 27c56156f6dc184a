import { createServer } from 'node:net'
import { SoraError } from '@sora-world/sdk/protocol'
import { checkPort } from '../rooms/port.ts'

/**
 * The port that was asked for; else the usual one, or any free one where that is taken.
 *
 * @throws SoraError `port-in-use` when the one that was asked for is taken
 */
export async function findFreePort(wanted: number | undefined, usual: number): Promise<number> {
  if (wanted) {
    await checkPort(wanted)
    return wanted
  }
  try {
    // 0 asks for any free one.
    if (wanted === undefined) {
      await checkPort(usual)
      return usual
    }
  } catch (thrown) {
    if (!(thrown instanceof SoraError) || thrown.code !== 'port-in-use') throw thrown
  }
  return anyFreePort()
}

function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
