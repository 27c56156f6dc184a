import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SoraError } from '@sora-world/sdk/protocol'

/** Where `npm run build:play` puts the page, seen from src/cli and from dist/cli; no part of the published package. */
const BUILT_HERE = fileURLToPath(new URL('../../../../examples/play/dist', import.meta.url))

/**
 * Folder of the play page to serve; undefined for none.
 *
 * @throws SoraError `option-invalid` when no page was built there
 */
export function findPlayPage(play: string | boolean): string | undefined {
  if (play === false) return undefined
  const folder = play === true ? BUILT_HERE : resolve(play)
  if (existsSync(join(folder, 'index.html'))) return folder
  const advice = play === true ? 'build it with "npm run build:play", or name its folder' : 'is it built?'
  throw new SoraError('option-invalid', `there is no play page in ${folder}; ${advice}`)
}
