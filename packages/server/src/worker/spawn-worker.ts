import { type ChildProcess, fork } from 'node:child_process'
import { entryFile } from '../model/entry-file.ts'

/** Starts the worker process. Its standard error is the parent's. */
export function spawnWorker(): ChildProcess {
  const entry = entryFile('worker', 'worker-process')
  if (!entry) throw new Error('worker/worker-process is not beside the code that starts it')
  const { path, execArgv } = entry
  return fork(path, {
    serialization: 'advanced',
    execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}
