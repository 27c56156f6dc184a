import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const README = new URL('../README.md', import.meta.url)

it('has examples that compile', async () => {
  const text = await readFile(README, 'utf8')
  const examples = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!)
  expect(examples.length).toBeGreaterThan(4)
  const folder = await mkdtemp(join(tmpdir(), 'sora-readme-'))
  try {
    await Promise.all(examples.map((code, index) => writeFile(join(folder, `example-${index}.mts`), code)))
    const config = {
      extends: join(ROOT, 'tsconfig.base.json'),
      compilerOptions: {
        paths: { '@sora-world/sdk': [join(ROOT, 'packages/sdk/src/index.ts')] },
        typeRoots: [join(ROOT, 'node_modules/@types')],
      },
      include: ['*.mts'],
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const compile = promisify(execFile)(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder])
    expect(await compile.catch((error: { stdout?: string }) => error)).toMatchObject({ stdout: '' })
  } finally {
    await rm(folder, { recursive: true })
  }
})
