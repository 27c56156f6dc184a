import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { PUBLISHED } from '../../scripts/packages.mjs'
import { whereFrom, withFields } from '../../scripts/publish.mjs'
import { makeHome, strangersEnv } from './npm-env.ts'
import { startRegistry } from './registry.ts'
import { run } from './run.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Home of somebody whose registry has this repository's packages; its path has a space in it. */
    home: string
    /** Address of the repository that they say they are from. */
    repository: string
  }
}

/** Packages are published as a release does it, from a repository that is not there. */
const SOMEWHERE = 'https://example.com/worlds/sora-world'
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

/** Publishes every package to a registry of its own, before the tests; takes everything away after them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const startMs = performance.now()
  const registry = await startRegistry(upstreamOfThisMachine())
  const home = await mkdtemp(join(tmpdir(), 'sora packages '))
  await makeHome(home, registry.url)
  for (const folder of PUBLISHED) {
    const command = { cwd: join(REPOSITORY, folder), env: strangersEnv(home) }
    const publish = () => run('npm', ['publish', '--ignore-scripts', '--workspaces=false'], command)
    await withFields(command.cwd, whereFrom(SOMEWHERE, folder), publish)
  }
  console.log(`${PUBLISHED.length} packages published in ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
  project.provide('home', home)
  project.provide('repository', SOMEWHERE)
  return async () => {
    await registry.close()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
}

function upstreamOfThisMachine(): string {
  return execFileSync('npm', ['config', 'get', 'registry'], { cwd: REPOSITORY, encoding: 'utf8' }).trim()
}
