import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** A home whose npm and pnpm ask the registry at `url` and keep what they fetch below the home. */
export async function makeHome(home: string, url: string): Promise<void> {
  await mkdir(home, { recursive: true })
  const settings = [
    `registry=${url}`,
    `//${new URL(url).host}/:_authToken=anybody`,
    `cache=${join(home, 'npm-cache')}`,
    'audit=false',
    'fund=false',
    'update-notifier=false',
  ]
  await writeFile(join(home, '.npmrc'), `${settings.join('\n')}\n`)
}

/** Environment of somebody who has never seen this repository: nothing of it is set or on the path. */
export function strangersEnv(home: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !OURS.test(name))
  const folders = (process.env.PATH ?? '').split(delimiter)
  return {
    ...Object.fromEntries(kept),
    PATH: folders.filter((folder) => !/node_modules|node-gyp-bin/.test(folder)).join(delimiter),
    HOME: home,
    USERPROFILE: home,
    // Of pnpm: packages that were published a moment ago are the ones to test.
    pnpm_config_minimum_release_age: '0',
  }
}

const OURS = /^(npm_|pnpm_|xdg_|vitest|vite_|init_cwd$|node$|node_env$|node_options$)/i
