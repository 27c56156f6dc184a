import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'
import { strangersEnv } from './npm-env.ts'
import { run } from './run.ts'

/** Somebody's empty folder and environment. */
export interface Place {
  cwd: string
  env: NodeJS.ProcessEnv
}

export interface Project extends Place {
  /** What `create` said. */
  printed: string
}

export async function emptyPlace(): Promise<Place> {
  const home = inject('home')
  const places = join(home, 'my projects')
  await mkdir(places, { recursive: true })
  return { cwd: await mkdtemp(join(places, 'place ')), env: strangersEnv(home) }
}

/** `npm create sora-world` */
export async function npmCreate(place: Place, name: string, template: string): Promise<Project> {
  const args = ['create', '--yes', 'sora-world@latest', name, '--', '--template', template, '--yes']
  const printed = await run('npm', args, place)
  return { cwd: join(place.cwd, name), env: place.env, printed }
}

/** `pnpm create sora-world` */
export async function pnpmCreate(place: Place, name: string, template: string): Promise<Project> {
  const printed = await pnpm(['create', 'sora-world@latest', name, '--template', template, '--yes'], place)
  return { cwd: join(place.cwd, name), env: place.env, printed }
}

/** The pinned one of this repository: its entry that needs no install script. */
export const PNPM: readonly [program: string, script: string] = [
  process.execPath,
  fileURLToPath(new URL('../../node_modules/pnpm/bin/pnpm.cjs', import.meta.url)),
]

export function pnpm(args: readonly string[], place: Place): Promise<string> {
  return run(PNPM[0], [PNPM[1], ...args], place)
}
