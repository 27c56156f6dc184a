import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SOURCE_CONDITION = '--conditions=@sora/source'
/** Where the entry lies, seen from this file: as source, built file by file, built into one file. */
const ENTRIES = ['./worker-process.ts', './worker-process.js', './worker/worker-process.js']

/**
 * Starts the worker process, from source with the flag that resolves workspace packages to their sources, or from the
 * built package. Flags of the parent are not handed on: a debugger's port, say, can be taken only once.
 */
export function spawnWorker(): ChildProcess {
  const entry = ENTRIES.map((path) => fileURLToPath(new URL(path, import.meta.url))).find(existsSync)
  if (entry === undefined) throw new Error(`worker-process not found beside ${import.meta.url}`)
  return fork(entry, {
    serialization: 'advanced',
    execArgv: entry.endsWith('.ts') ? [SOURCE_CONDITION] : [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}
