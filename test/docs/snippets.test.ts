import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ROOT, readPages } from './pages.ts'

/** Within the repository, where the packages are found. */
const FOLDER = join(ROOT, 'test/output/doc-snippets')

/** What a page may take for granted: the names that its own sentences introduce. */
const CONTEXT = `
import type { WorldClient } from '@sora-world/sdk'
import type { WorldBackdrop } from '@sora-world/three'
import type { PerspectiveCamera, Scene, WebGLRenderer } from 'three'
import type RapierModule from '@dimforge/rapier3d-compat'
declare global {
  const world: WorldClient
  const url: string
  const backdrop: WorldBackdrop
  const scene: Scene
  const camera: PerspectiveCamera
  const renderer: WebGLRenderer
  const RAPIER: typeof RapierModule
  const physics: InstanceType<typeof RapierModule.World>
}
`

const fences = readPages().flatMap(({ path, fences }) => fences.map((fence) => ({ ...fence, path })))
const snippets = fences.filter(({ language }) => language === 'ts' || language === 'tsx')
const nameOf = ({ path, line, language }: (typeof snippets)[number]) =>
  `${path.replace(/\W/g, '-')}-line-${line}.${language === 'tsx' ? 'tsx' : 'mts'}`

beforeAll(() => {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  for (const snippet of snippets) writeFileSync(join(FOLDER, nameOf(snippet)), snippet.code)
  writeFileSync(join(FOLDER, 'context.mts'), CONTEXT)
  writeFileSync(join(FOLDER, 'package.json'), '{ "type": "module" }')
  const compilerOptions = { jsx: 'react-jsx', typeRoots: [join(ROOT, 'node_modules/@types')] }
  const config = { extends: join(ROOT, 'tsconfig.base.json'), compilerOptions, include: ['*.mts', '*.tsx'] }
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(config))
})
afterAll(() => rmSync(FOLDER, { recursive: true }))

it('compiles every snippet of every page against the sources', async () => {
  expect(snippets.length).toBeGreaterThan(15)
  const compile = promisify(execFile)(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', FOLDER])
  const { stdout } = await compile.catch((error: { stdout: string }) => error)
  expect(stdout).toBe('')
}, 120_000)

it.each(
  fences.filter(({ language }) => language === 'json').map(({ path, line, code }) => [path, line, code] as const),
)('parses the JSON of %s, line %d', (_path, _line, code) => {
  expect(() => JSON.parse(code)).not.toThrow()
})
