export interface PackageManager {
  name: 'npm' | 'pnpm' | 'yarn' | 'bun'
  /** Of the manager; [0, 0] when it is not known. */
  version: readonly [major: number, minor: number]
}

const KNOWN = ['npm', 'pnpm', 'yarn', 'bun'] as const

/** Who started this program, by what it calls itself: `pnpm/12.21.0 npm/? node/v24.1.0 linux x64`; npm when unknown. */
export function packageManagerOf(userAgent: string | undefined): PackageManager {
  const [, called, major, minor] = /^(\w+)\/(\d+)\.(\d+)/.exec(userAgent ?? '') ?? []
  const name = KNOWN.find((known) => known === called)
  return name ? { name, version: [Number(major), Number(minor)] } : { name: 'npm', version: [0, 0] }
}

/** The two commands that come next. */
export function nextCommands({ name }: PackageManager, script: string): [install: string, start: string] {
  const run = name === 'npm' && script !== 'start' ? 'npm run' : name
  return [`${name} install`, `${run} ${script}`]
}
