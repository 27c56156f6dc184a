import { execFile, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Within the repository, where the packages are found. */
const FOLDER = join(ROOT, 'test/output/agent-page-snippets')
const page = readFileSync(join(ROOT, 'docs/agent.md'), 'utf8')
const snippets = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!)
/** Those that need something which is not here: a server, an endpoint. */
const needsMore = (code: string) => /http:\/\//.test(code)

beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true })
  for (const [index, code] of snippets.entries()) writeFileSync(join(FOLDER, `snippet-${index}.mts`), code)
})
afterAll(() => rmSync(FOLDER, { recursive: true }))

it('has snippets that compile', async () => {
  expect(snippets.length).toBeGreaterThan(4)
  const config = { extends: join(ROOT, 'tsconfig.base.json'), include: ['*.mts'] }
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(config))
  const compile = promisify(execFile)(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', FOLDER])
  expect(await compile.catch((error: { stdout?: string }) => error)).toMatchObject({ stdout: '' })
})

it.each(snippets.flatMap((code, index) => (needsMore(code) ? [] : [index])))(
  'has snippet %d, which runs',
  async (index) => {
    const { NODE_OPTIONS: _options, ...env } = process.env
    const child = spawn(process.execPath, ['--conditions=@sora/source', join(FOLDER, `snippet-${index}.mts`)], {
      cwd: FOLDER,
      env,
    })
    let text = ''
    child.stdout.on('data', (bytes) => {
      text += bytes
    })
    child.stderr.on('data', (bytes) => {
      text += bytes
    })
    expect(await new Promise((resolve) => child.once('close', resolve)), text).toBe(0)
  },
  120_000,
)
