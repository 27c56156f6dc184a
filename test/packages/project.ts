import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { inject } from 'vitest'
import { strangersEnv } from './npm-env.ts'
import { run } from './run.ts'

/** Somebody's empty folder and environment. */
export interface Place {
  cwd: string
  env: NodeJS.ProcessEnv
}

export async function emptyPlace(): Promise<Place> {
  const home = inject('home')
  const places = join(home, 'my projects')
  await mkdir(places, { recursive: true })
  return { cwd: await mkdtemp(join(places, 'place ')), env: strangersEnv(inject('registry'), home) }
}

/** `npm create sora-world`: the project's place, and what was printed. */
export async function npmCreate(place: Place, name: string, template: string): Promise<Place & { printed: string }> {
  const args = ['create', '--yes', 'sora-world@latest', name, '--', '--template', template, '--yes']
  const printed = await run('npm', args, place)
  return { cwd: join(place.cwd, name), env: place.env, printed }
}
