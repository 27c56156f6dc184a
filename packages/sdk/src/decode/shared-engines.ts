import { abortable } from '../client/abortable.ts'
import { SoraError } from '../protocol/index.ts'
import type { EngineFrame, EngineResult, LatentEngine } from './latent-engine.ts'

/** What one world has of an engine: a state of its own. */
export interface EngineStream {
  readonly backend: string
  readonly warmUpMs: number | undefined
  /** In the order of the calls, one after the other with those of other worlds. @throws SoraError as the engine, `aborted` */
  decode(latent: Int8Array<ArrayBuffer>, restart: boolean): Promise<EngineResult>
  recycle(frame: EngineFrame): void
  /** What is under way is rejected with `aborted`. The engine ends with its last stream. */
  close(): void
}

export interface EngineRequest {
  /** What makes the engine: only those of the same source are shared. */
  source: object
  /** Model, picture size, backend: everything that makes two engines differ. */
  key: string
  /** Ends at once when the signal aborts: nobody waits any more. */
  start(progress: (words: string) => void, signal: AbortSignal): Promise<LatentEngine>
  onProgress(words: string): void
  /** Gives up waiting; others may go on. */
  signal: AbortSignal
}

/** Engines that several worlds decode with: one for each model and size, however many worlds there are. */
export class SharedEngines {
  readonly #engines: { request: EngineRequest; engine: SharedEngine }[] = []

  /** @throws SoraError of the start, which all who wait for it get; `signal.reason` */
  open(request: EngineRequest): Promise<EngineStream> {
    const { source, key, start } = request
    const known = this.#engines.find(
      (entry) => entry.request.source === source && entry.request.key === key && !entry.engine.isLost,
    )
    if (known) return known.engine.open(request)
    const entry = {
      request,
      engine: new SharedEngine(start, () => this.#engines.splice(this.#engines.indexOf(entry), 1)),
    }
    this.#engines.push(entry)
    return entry.engine.open(request)
  }

  /** Engines that run or start. */
  get size(): number {
    return this.#engines.length
  }
}

class SharedEngine {
  readonly #ready: Promise<LatentEngine>
  readonly #unused = new AbortController()
  readonly #listeners = new Set<(words: string) => void>()
  readonly #onUnused: () => void
  #engine: LatentEngine | null = null
  #last: Promise<unknown> = Promise.resolve()
  #words = ''
  #users = 0
  #nextStream = 1

  constructor(start: EngineRequest['start'], onUnused: () => void) {
    this.#onUnused = onUnused
    this.#ready = start((words) => this.#say(words), this.#unused.signal)
    this.#ready.then(
      (engine) => (this.#engine = engine),
      () => {},
    )
  }

  /** True when it has failed for good: whoever comes now needs another one. */
  get isLost(): boolean {
    return this.#engine?.problem != null
  }

  async open({ onProgress, signal }: Pick<EngineRequest, 'onProgress' | 'signal'>): Promise<EngineStream> {
    this.#users++
    this.#listeners.add(onProgress)
    if (this.#words) onProgress(this.#words)
    try {
      return this.#stream(await abortable(this.#ready, signal))
    } catch (error) {
      this.#leave()
      throw error
    } finally {
      this.#listeners.delete(onProgress)
    }
  }

  #stream(engine: LatentEngine): EngineStream {
    const stream = this.#nextStream++
    const closing = new AbortController()
    const { signal } = closing
    return {
      backend: engine.backend,
      warmUpMs: engine.warmUpMs,
      decode: (latent, restart) =>
        abortable(
          this.#inTurn(() => engine.decode(latent, restart, stream), signal),
          signal,
        ),
      recycle: (frame) => engine.recycle(frame),
      close: () => {
        if (signal.aborted) return
        closing.abort(new SoraError('aborted', 'the decoder was disposed'))
        engine.close(stream)
        this.#leave()
      },
    }
  }

  /** One call at a time: the engine has room for one. */
  #inTurn<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const result = this.#last.then(() => {
      signal.throwIfAborted()
      return work()
    })
    this.#last = result.catch(() => {})
    return result
  }

  #leave(): void {
    if (--this.#users > 0) return
    this.#onUnused()
    this.#unused.abort(new SoraError('aborted', 'the decoder was disposed'))
    this.#engine?.dispose()
  }

  #say(words: string): void {
    this.#words = words
    for (const listener of this.#listeners) listener(words)
  }
}
