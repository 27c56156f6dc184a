import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { PUBLISHED } from '../../scripts/packages.mjs'
import { strangersEnv } from './npm-env.ts'
import { startRegistry } from './registry.ts'
import { run } from './run.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of a registry that has this repository's packages. */
    registry: string
    /** Folder for whatever the tests write; its name has a space in it. */
    home: string
  }
}

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

/** Publishes every package to a registry of its own, before the tests; takes everything away after them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const registry = await startRegistry(upstreamOfThisMachine())
  const home = await mkdtemp(join(tmpdir(), 'sora packages '))
  const { host } = new URL(registry.url)
  await writeFile(join(home, '.npmrc'), `//${host}/:_authToken=anybody\naudit=false\nfund=false\n`)
  const env = strangersEnv(registry.url, home)
  for (const folder of PUBLISHED) {
    await run('npm', ['publish', '--ignore-scripts', '--workspaces=false'], { cwd: join(REPOSITORY, folder), env })
  }
  project.provide('registry', registry.url)
  project.provide('home', home)
  return async () => {
    await registry.close()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
}

function upstreamOfThisMachine(): string {
  return execFileSync('npm', ['config', 'get', 'registry'], { cwd: REPOSITORY, encoding: 'utf8' }).trim()
}
