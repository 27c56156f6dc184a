import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { SoraError } from '@sora-world/sdk/protocol'
import type { RequestHandler } from 'express'

/** The page's source, seen from here; it is not part of the published package. */
const SOURCE = fileURLToPath(new URL('../../../../examples/play', import.meta.url))

export interface DevPage {
  handler: RequestHandler
  close(): Promise<void>
}

/**
 * The play page straight from its source, through Vite: changes show without a build.
 *
 * @throws SoraError `unsupported` outside the repository
 */
export async function openDevPage(): Promise<DevPage> {
  if (!existsSync(SOURCE)) throw new SoraError('unsupported', '--dev needs the source of the play page')
  // Not by its bare name: the build would put the whole tool into the package.
  const { createServer } = (await import(import.meta.resolve('vite'))) as typeof import('vite')
  // Everything but the page comes from this very server: nothing is left for a proxy.
  const vite = await createServer({
    configFile: `${SOURCE}/vite.config.ts`,
    logLevel: 'warn',
    server: { middlewareMode: true, proxy: {} },
  })
  return { handler: vite.middlewares, close: () => vite.close() }
}
