import { delimiter, join } from 'node:path'

/**
 * Environment of somebody who has never seen this repository: npm asks the registry at `url`, keeps what it fetches below
 * `home` and knows no settings; programs of the repository's `node_modules` are not on the path.
 */
export function strangersEnv(url: string, home: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|node_options$|vitest|vite_|init_cwd$)/i.test(name),
  )
  return {
    ...Object.fromEntries(kept),
    PATH: (process.env.PATH ?? '')
      .split(delimiter)
      .filter((folder) => !folder.includes('node_modules') && !folder.includes('node-gyp-bin'))
      .join(delimiter),
    NODE_ENV: undefined,
    npm_config_registry: url,
    npm_config_cache: join(home, 'npm-cache'),
    npm_config_userconfig: join(home, '.npmrc'),
    npm_config_update_notifier: 'false',
  }
}
