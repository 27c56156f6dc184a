import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE_FLAGS = ['--conditions=@sora/source']

/**
 * Starts the worker process: from source, with the flag that resolves workspace packages to their sources, or from the
 * built package. Flags of the parent are not handed on: a debugger's port, say, can be taken only once. Its standard
 * error is the parent's.
 */
export function spawnWorker(): ChildProcess {
  const here = fileURLToPath(import.meta.url)
  const extension = extname(here)
  // Beside this file, or one folder down when the build has put this code into one file.
  const entry = [`./worker-process${extension}`, `./worker/worker-process${extension}`]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path))
  if (entry === undefined) throw new Error(`worker-process${extension} not found beside ${here}`)
  return fork(entry, {
    serialization: 'advanced',
    execArgv: extension === '.ts' ? SOURCE_FLAGS : [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}
