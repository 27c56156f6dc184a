/**
 * Publishes all packages, each after those that it needs: `npm run release -- --repository https://github.com/OWNER/NAME`.
 *
 * npm attests where a package was built (provenance) only when its `repository` is the one that the build runs in. A fork would
 * publish under its own address, so the field is no part of the sources: it is written for the time of publishing, from
 * `--repository`, from what the build service says, or from the remote of the checkout.
 */
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { PUBLISHED } from './packages.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const HELP = `usage: npm run release -- [options]

  --repository URL   where these sources are             default: of the build service, or of the remote "origin"
  --provenance       let npm attest where it was built; in a build service that can
  --dry-run          pack and check, publish nothing
`

/** Of a package in `folder` of the repository at `url`: fields that say where its sources are. */
export function whereFrom(url, folder) {
  const address = url.replace(/^git@([^:]+):/, 'https://$1/').replace(/\.git$/, '')
  if (!/^https:\/\/[^/]+\/.+/.test(address)) throw new Error(`"${url}" is no address of a repository`)
  return {
    repository: { type: 'git', url: `git+${address}.git`, directory: folder },
    homepage: `${address}#readme`,
    bugs: `${address}/issues`,
  }
}

/** Runs `task` while package.json in `folder` has `fields` too, and puts it back as it was. */
export async function withFields(folder, fields, task) {
  const file = join(folder, 'package.json')
  const before = await readFile(file, 'utf8')
  await writeFile(file, `${JSON.stringify({ ...JSON.parse(before), ...fields }, null, 2)}\n`)
  try {
    return await task()
  } finally {
    await writeFile(file, before)
  }
}

function knownRepository() {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, CI_PROJECT_URL } = process.env
  if (GITHUB_SERVER_URL && GITHUB_REPOSITORY) return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`
  if (CI_PROJECT_URL) return CI_PROJECT_URL
  try {
    const quiet = { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }
    return execFileSync('git', ['remote', 'get-url', 'origin'], quiet).trim()
  } catch {
    throw new Error('nobody says where these sources are: give --repository URL')
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      repository: { type: 'string' },
      provenance: { type: 'boolean' },
      'dry-run': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return process.stdout.write(HELP)
  const url = values.repository ?? knownRepository()
  const args = ['publish', '--workspaces=false', '--access=public']
  if (values.provenance) args.push('--provenance')
  if (values['dry-run']) args.push('--dry-run')
  for (const folder of PUBLISHED) {
    const cwd = join(ROOT, folder)
    await withFields(cwd, whereFrom(url, folder), () => execFileSync('npm', args, { cwd, stdio: 'inherit' }))
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error) => {
    console.error(`release: ${error.message}`)
    process.exitCode = 1
  })
}
