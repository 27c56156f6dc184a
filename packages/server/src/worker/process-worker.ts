import type { ChildProcess } from 'node:child_process'
import { type ErrorNotice, type ModelManifest, SoraError } from '@sora-world/sdk/protocol'
import type { ModelOptions } from '../model/open-model.ts'
import type { ChunkJob, ChunkResult, CommittedChunk, ModelWorker, RolloutMark, RolloutSpec } from './model-worker.ts'
import { MAX_CRASHES, RestartPolicy } from './restart-policy.ts'
import { spawnWorker } from './spawn-worker.ts'
import { HEARTBEAT_MS, type WorkerReply, type WorkerRequest } from './worker-messages.ts'

export interface ProcessWorkerOptions extends ModelOptions {
  /** Silence after which a worker counts as hung and is killed; longer than the slowest model call. */
  hangTimeoutMs?: number
  /** Called when a crashed worker is ready again: rollouts have to be opened anew. */
  onRestart?: () => void
  /** Called at each crash with the reason, a sentence for the log. */
  onCrash?: (reason: string) => void
}

interface Pending {
  resolve(value: unknown): void
  reject(error: SoraError): void
}

type Ready = Extract<WorkerReply, { kind: 'ready' }>

const DEFAULT_HANG_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 2_000

/**
 * The model in a process of its own.
 *
 * Life: starting -> ready -> (crash -> starting)* -> stopped or given up. `start` fails with the model's own error and
 * without a retry, because a bad package stays bad. Later crashes reject what is pending with `worker-crashed` and
 * start the process again; `generate` before it is ready rejects with `room-missing`, `open` waits.
 */
export class ProcessWorker implements ModelWorker {
  readonly #options: ProcessWorkerOptions
  readonly #policy = new RestartPolicy()
  readonly #pending = new Map<number, Pending>()
  #child: ChildProcess | undefined
  #ready: Promise<Ready> = Promise.reject(new SoraError('internal', 'the worker was not started'))
  #info: Ready | undefined
  #isReady = false
  #isStopped = false
  #isRestarting = false
  #nextId = 0
  #lastSign = 0
  #watch: NodeJS.Timeout | undefined
  #restart: NodeJS.Timeout | undefined

  private constructor(options: ProcessWorkerOptions) {
    this.#options = options
    this.#ready.catch(() => {})
  }

  /** @throws SoraError whatever the model could not be opened for; see `openModel` */
  static async start(options: ProcessWorkerOptions = {}): Promise<ProcessWorker> {
    const worker = new ProcessWorker(options)
    worker.#launch()
    try {
      worker.#info = await worker.#ready
    } catch (error) {
      await worker.stop()
      throw error
    }
    worker.#watchHeartbeat()
    return worker
  }

  get manifest(): ModelManifest {
    return this.#started.manifest
  }

  get provider(): string {
    return this.#started.provider
  }

  get variant(): string {
    return this.#started.variant
  }

  /** Process id of the current worker, undefined between two. */
  get pid(): number | undefined {
    return this.#isReady ? this.#child?.pid : undefined
  }

  async open(spec: RolloutSpec, history: readonly CommittedChunk[] = [], mark?: RolloutMark): Promise<void> {
    await this.#ready
    await this.#request((id) => ({ kind: 'open', id, spec, history, mark }))
  }

  async generate(jobs: readonly ChunkJob[]): Promise<ChunkResult[]> {
    if (!this.#isReady) {
      // Stopped or given up says so; a restart in progress has lost all rollouts.
      if (this.#isStopped || !this.#isRestarting) await this.#ready
      throw new SoraError('room-missing', 'the worker is starting again; its rollouts are gone')
    }
    return (await this.#request((id) => ({ kind: 'generate', id, jobs }))) as ChunkResult[]
  }

  close(rolloutId: string): void {
    if (this.#isReady) this.#send({ kind: 'close', rolloutId })
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    clearInterval(this.#watch)
    clearTimeout(this.#restart)
    const stopped = new SoraError('aborted', 'the worker was stopped')
    this.#fail(stopped)
    this.#becomes(Promise.reject(stopped))
    await endProcess(this.#child)
  }

  get #started(): Ready {
    if (!this.#info) throw new SoraError('internal', 'the worker was not started')
    return this.#info
  }

  #becomes(ready: Promise<Ready>): void {
    this.#ready = ready
    ready.catch(() => {})
  }

  #launch(): void {
    const child = spawnWorker()
    this.#child = child
    let failure: ErrorNotice | undefined
    this.#becomes(
      new Promise((resolve, reject) => {
        child.on('message', (reply: WorkerReply) => {
          this.#lastSign = performance.now()
          if (reply.kind === 'failed') failure = reply.error
          else if (reply.kind === 'ready') {
            this.#isReady = true
            resolve(reply)
          } else this.#settle(reply)
        })
        const end = (reason: string) => {
          reject(new SoraError(failure?.code ?? 'worker-crashed', failure?.message ?? reason))
          this.#crashed(child, failure?.message ?? reason)
        }
        child.on('error', (error) => end(`worker process cannot run: ${error.message}`))
        child.on('exit', (code, signal) => end(`worker process ended with ${signal ?? `code ${code}`}`))
      }),
    )
    this.#send({ kind: 'start', options: modelOptions(this.#options) })
  }

  /** A start that fails is reported by `start`; from then on every end that nobody asked for is a crash. */
  #crashed(child: ChildProcess, reason: string): void {
    if (this.#isStopped || child !== this.#child) return
    this.#child = undefined
    this.#fail(new SoraError('worker-crashed', reason))
    if (!this.#info) return
    this.#options.onCrash?.(reason)
    const delay = this.#policy.crashed(performance.now())
    if (delay === 'give-up') {
      this.#isRestarting = false
      const message = `the worker crashed ${MAX_CRASHES} times within a minute and is not started again: ${reason}`
      this.#becomes(Promise.reject(new SoraError('worker-crashed', message)))
      return
    }
    this.#isRestarting = true
    this.#becomes(this.#restartAfter(delay))
  }

  async #restartAfter(delayMs: number): Promise<Ready> {
    await new Promise((resolve) => {
      this.#restart = setTimeout(resolve, delayMs)
    })
    this.#launch()
    const launched = this.#ready
    const info = await launched.catch(() => undefined)
    // A failed restart is another crash, which has put its own promise in place by now.
    if (!info) return this.#ready
    this.#info = info
    this.#isRestarting = false
    this.#options.onRestart?.()
    return info
  }

  #request(build: (id: number) => WorkerRequest): Promise<unknown> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#send(build(id))
    })
  }

  #send(request: WorkerRequest): void {
    // A channel that closes under the message is reported by the exit event.
    if (this.#child?.connected) this.#child.send(request, () => {})
  }

  #settle(reply: WorkerReply): void {
    if (!('id' in reply)) return
    const pending = this.#pending.get(reply.id)
    this.#pending.delete(reply.id)
    if (reply.kind === 'rejected') pending?.reject(new SoraError(reply.error.code, reply.error.message))
    else pending?.resolve(reply.kind === 'generated' ? reply.results : undefined)
  }

  #fail(error: SoraError): void {
    this.#isReady = false
    for (const pending of this.#pending.values()) pending.reject(error)
    this.#pending.clear()
  }

  #watchHeartbeat(): void {
    const timeoutMs = this.#options.hangTimeoutMs ?? DEFAULT_HANG_TIMEOUT_MS
    let lastCheck = performance.now()
    this.#watch = setInterval(() => {
      const now = performance.now()
      // After a suspended laptop or a blocked loop the signs of life are still on their way.
      if (now - lastCheck > 3 * HEARTBEAT_MS) this.#lastSign = now
      lastCheck = now
      if (this.#isReady && now - this.#lastSign > timeoutMs) this.#child?.kill('SIGKILL')
    }, HEARTBEAT_MS)
    this.#watch.unref()
  }
}

/** Only what may cross to the process: callbacks stay. */
function modelOptions(options: ProcessWorkerOptions): ModelOptions {
  const { model, provider, variant, threads, fakePassMs } = options
  return { model, provider, variant, threads, fakePassMs }
}

async function endProcess(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  if (child.connected) child.send({ kind: 'stop' } satisfies WorkerRequest, () => {})
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(timer)
}
