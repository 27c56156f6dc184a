import { type ChildProcess, fork } from 'node:child_process'
import { entryFile } from '../model/entry-file.ts'

/** Starts the worker process. Its standard error is the parent's. */
export function spawnWorker(): ChildProcess {
  const { path, execArgv } = entryFile('worker', 'worker-process')
  return fork(path, {
    serialization: 'advanced',
    execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}
