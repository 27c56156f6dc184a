import { Worker } from 'node:worker_threads'
import type { Policy } from '@sora-world/sdk/agent'

/** Runs in a thread of its own, the only one that goes on when the policy never gives the other back. */
const WATCH = `
const { workerData: { began, limitMs, name, pid } } = require('node:worker_threads')
const { writeSync } = require('node:fs')
setInterval(() => {
  const at = Number(Atomics.load(began, 0))
  if (at === 0 || Date.now() - at < limitMs) return
  writeSync(2, \`\\nsora-world agent: policy "\${name}" has computed for \${limitMs / 1000} s without a pause (timeout)\\n\`)
  process.kill(pid, 'SIGKILL')
}, Math.min(1000, limitMs / 4))
`

/**
 * Watches a policy from outside: one that never returns cannot be interrupted in its own thread, so the process ends
 * then, with words. Waiting for an answer is not watched here; `runPolicy` does that.
 */
export class ActWatch {
  readonly policy: Policy
  readonly #worker: Worker

  constructor(policy: Policy, limitMs: number) {
    const began = new BigInt64Array(new SharedArrayBuffer(8))
    const watched = <T>(call: () => T): T => {
      Atomics.store(began, 0, BigInt(Date.now()))
      try {
        return call()
      } finally {
        Atomics.store(began, 0, 0n)
      }
    }
    this.policy = {
      name: policy.name,
      start: (episode) => watched(() => policy.start(episode)),
      act: (observation, memory) => watched(() => policy.act(observation, memory)),
    }
    const workerData = { began, limitMs, name: policy.name, pid: process.pid }
    this.#worker = new Worker(WATCH, { eval: true, workerData })
    this.#worker.unref()
  }

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }
}
