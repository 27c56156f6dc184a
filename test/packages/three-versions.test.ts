import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { emptyPlace, type Place } from './project.ts'
import { run } from './run.ts'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
/** The last three releases; the newest one is the repository's own. */
const RELEASES = ['0.185', '0.186', '0.187']

describe('the plugin with the last three releases of three', () => {
  let place: Place
  beforeEach(async () => {
    place = await emptyPlace()
    await writeFile(join(place.cwd, 'package.json'), '{ "private": true }')
  })
  afterEach(() => rm(place.cwd, { recursive: true, force: true, maxRetries: 5 }))

  it.each(RELEASES)('three %s: types hold, unit tests pass, npm accepts the pair', async (release) => {
    const packages = [`three@~${release}.0`, `@types/three@~${release}.0`, '@sora-world/three']
    await run('npm', ['install', '--prefer-offline', ...packages], place)
    const env = { ...process.env, THREE_FOLDER: place.cwd }
    await typecheck(place.cwd, env)
    const vitest = ['vitest', 'run', '--config', 'test/packages/three.vitest.config.ts', 'packages/three-plugin']
    expect(await run('npx', ['--no-install', ...vitest], { cwd: REPOSITORY, env })).toMatch(/Tests +\d+ passed/)
  })
})

/** The sources of the plugin against the types that lie in `folder`. */
async function typecheck(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const types = join(folder, 'node_modules/@types/three')
  const config = {
    extends: join(REPOSITORY, 'tsconfig.base.json'),
    compilerOptions: {
      typeRoots: [join(REPOSITORY, 'node_modules/@types')],
      paths: {
        three: [join(types, 'build/three.module.d.ts')],
        'three/webgpu': [join(types, 'build/three.webgpu.d.ts')],
        'three/tsl': [join(types, 'build/three.tsl.d.ts')],
        'three/addons/*': [join(types, 'examples/jsm/*')],
      },
    },
    include: [join(REPOSITORY, 'packages/three-plugin/src')],
  }
  const file = join(folder, 'tsconfig.json')
  await writeFile(file, JSON.stringify(config))
  await run('npx', ['--no-install', 'tsc', '-p', file], { cwd: REPOSITORY, env })
}
