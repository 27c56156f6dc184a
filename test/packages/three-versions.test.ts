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
    await typecheck(place)
    const vitest = ['vitest', 'run', '--config', 'test/packages/three.vitest.config.ts', 'packages/three-plugin']
    expect(await run('npx', ['--no-install', ...vitest], { cwd: REPOSITORY, env })).toMatch(/Tests +\d+ passed/)
  })
})

/** Somebody's program, with the types as published. */
const PROGRAM = `
import { SoraWorld, WorldAnchor, WorldBackdrop, WorldPortal, WorldScreen, WorldTexture } from '@sora-world/three'
import { WorldBackdrop as NodeBackdrop, WorldScreen as NodeScreen } from '@sora-world/three/webgpu'
import { type Object3D, PerspectiveCamera, Scene, type Texture, WebGLRenderer } from 'three'

const things = [new WorldScreen({ mode: 'quad' }), new WorldBackdrop(), new WorldPortal(), new NodeScreen(), new NodeBackdrop()]
const objects: Object3D[] = things
const texture: Texture = new WorldTexture({ filter: 'linear' })
const renderer = new WebGLRenderer()
renderer.render(new Scene().add(...objects), new PerspectiveCamera())
export const sora = new SoraWorld({ url: 'http://localhost:2567', renderer, scene: new Scene() })
export const anchors: (typeof WorldAnchor)[] = [WorldAnchor]
for (const thing of [...things, texture]) thing.dispose()
`

async function typecheck({ cwd, env }: Place): Promise<void> {
  const compilerOptions = {
    ...{ target: 'es2023', module: 'esnext', moduleResolution: 'bundler', lib: ['es2023', 'dom', 'dom.iterable'] },
    ...{ strict: true, noEmit: true, skipLibCheck: true, types: [] },
  }
  await writeFile(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }))
  await writeFile(join(cwd, 'program.ts'), PROGRAM)
  await run(join(REPOSITORY, 'node_modules/.bin/tsc'), ['-p', cwd], { cwd, env: { ...env, PATH: process.env.PATH } })
}
