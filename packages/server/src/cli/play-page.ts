import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SoraError } from '@sora-world/sdk/protocol'

/** The page of the published package, seen from dist/cli. */
const SHIPPED = fileURLToPath(new URL('../play', import.meta.url))
/** Where `npm run build:play` puts it in the repository, seen from src/cli and from dist/cli. */
const BUILT_HERE = fileURLToPath(new URL('../../../../examples/play/dist', import.meta.url))

/**
 * Folder of the play page to serve; undefined for none.
 *
 * @throws SoraError `option-invalid` when no page was built there
 */
export function findPlayPage(play: string | boolean): string | undefined {
  if (play === false) return undefined
  const folders = play === true ? [BUILT_HERE, SHIPPED] : [resolve(play)]
  const found = folders.find((folder) => existsSync(join(folder, 'index.html')))
  if (found) return found
  const advice = play === true ? 'build it with "npm run build:play", or name its folder' : 'is it built?'
  throw new SoraError('option-invalid', `there is no play page in ${folders[0]}; ${advice}`)
}
