import { existsSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Flags of whatever is started from source: they resolve workspace packages to their sources. */
const SOURCE_FLAGS = ['--conditions=@sora/source']

/** A module that a process or thread of its own begins with, and the flags that Node needs for it. */
export interface EntryFile {
  path: string
  execArgv: string[]
}

/**
 * Finds an entry by its folder below `src` and its name, in the sources or in the built package; undefined where a bundler
 * has left it out. Flags of this process are not handed on: a debugger's port, say, can be taken only once.
 */
export function entryFile(folder: string, name: string): EntryFile | undefined {
  const here = fileURLToPath(import.meta.url)
  const extension = extname(here)
  // In the folder beside this one, or one folder down when a build has put this code into one file.
  const path = [`../${folder}/${name}${extension}`, `./${folder}/${name}${extension}`]
    .map((relative) => fileURLToPath(new URL(relative, import.meta.url)))
    .find((candidate) => existsSync(candidate))
  return path === undefined ? undefined : { path, execArgv: extension === '.ts' ? SOURCE_FLAGS : [] }
}
