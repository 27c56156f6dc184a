import { SoraError } from '../protocol/index.ts'
import type { EngineFrame, EngineModel, EngineResult, LatentEngine } from './latent-engine.ts'
import { buffersOf, type LoadedEngine, type WorkerRequest, type WorkerResponse } from './worker-messages.ts'

interface Call {
  resolve(value: never): void
  reject(error: SoraError): void
}

/** {@link LatentEngine} in a Web Worker. Takes the worker over: it ends with `dispose`. */
export class WorkerEngine implements LatentEngine {
  readonly #worker: Worker
  readonly #calls = new Map<number, Call>()
  #nextId = 1
  #backend = ''
  warmUpMs: number | undefined
  #onProgress: (words: string) => void = () => {}
  #problem: SoraError | null = null

  constructor(worker: Worker) {
    this.#worker = worker
    worker.onmessage = ({ data }: MessageEvent<WorkerResponse>) => this.#receive(data)
    worker.onerror = (event) =>
      this.#fail(new SoraError('decoder-failed', `decoder worker: ${event.message || 'did not start'}`))
    worker.onmessageerror = () => this.#fail(new SoraError('decoder-failed', 'decoder worker: unreadable message'))
  }

  get backend(): string {
    return this.#backend
  }

  async load(model: EngineModel, onProgress: (words: string) => void): Promise<void> {
    this.#onProgress = onProgress
    // Not transferred: when the worker fails, the graph is needed again.
    const { backend, warmUpMs } = await this.#call<LoadedEngine>((id) => ({ kind: 'load', id, model }))
    this.#backend = `${backend}, in a worker`
    this.warmUpMs = warmUpMs
  }

  get problem(): SoraError | null {
    return this.#problem
  }

  decode(latent: Int8Array<ArrayBuffer>, restart: boolean, stream: number): Promise<EngineResult> {
    return this.#call<EngineResult>((id) => ({ kind: 'decode', id, latent, restart, stream }))
  }

  close(stream: number): void {
    if (!this.#problem) this.#post({ kind: 'close', stream })
  }

  recycle(frame: EngineFrame): void {
    if (!this.#problem) this.#post({ kind: 'recycle', frame }, buffersOf([frame]))
  }

  dispose(): void {
    this.#fail(new SoraError('aborted', 'the decoder was disposed'))
  }

  #call<T>(request: (id: number) => WorkerRequest): Promise<T> {
    if (this.#problem) return Promise.reject(this.#problem)
    const id = this.#nextId++
    return new Promise<T>((resolve, reject) => {
      this.#calls.set(id, { resolve, reject })
      this.#post(request(id))
    })
  }

  #post(request: WorkerRequest, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(request, transfer)
  }

  #receive(response: WorkerResponse): void {
    if (response.kind === 'progress') {
      this.#onProgress(response.words)
      return
    }
    const call = this.#calls.get(response.id)
    this.#calls.delete(response.id)
    if (response.kind === 'failed') call?.reject(new SoraError(response.error.code, response.error.message))
    else call?.resolve((response.kind === 'loaded' ? response.engine : response.result) as never)
  }

  /** The worker is of no use any more: everything under way fails, and so does every later call. */
  #fail(problem: SoraError): void {
    this.#problem ??= problem
    this.#worker.terminate()
    for (const call of this.#calls.values()) call.reject(this.#problem)
    this.#calls.clear()
  }
}
