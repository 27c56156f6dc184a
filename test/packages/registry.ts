import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runServer } from 'verdaccio'

export interface Registry {
  url: string
  close(): Promise<void>
}

/** What is published here; everything else comes from the registry that this machine uses. */
const OURS = ['@sora-world/*', 'create-sora-world']

/**
 * Starts an npm registry on a free port, empty, with its storage in a temporary folder.
 *
 * @param upstream registry that it asks for packages that are not ours
 */
export async function startRegistry(upstream: string): Promise<Registry> {
  const storage = await mkdtemp(join(tmpdir(), 'sora-registry-'))
  const everybody = { access: '$all', publish: '$all', unpublish: '$all' }
  const server = (await runServer({
    storage,
    self_path: storage,
    uplinks: { upstream: { url: upstream, timeout: '60s', maxage: '1h', max_fails: 20 } },
    packages: {
      ...Object.fromEntries(OURS.map((name) => [name, everybody])),
      '**': { access: '$all', proxy: 'upstream' },
    },
    auth: {},
    web: { enable: false },
    // The model package is most of it.
    max_body_size: '200mb',
    log: { type: 'stdout', format: 'pretty', level: 'fatal' },
  } as unknown as string)) as Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      server.closeAllConnections()
      server.close()
      await rm(storage, { recursive: true, force: true })
    },
  }
}
