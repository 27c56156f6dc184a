import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { entryFile } from './entry-file.ts'
import type { GraphReply, GraphRequest, GraphThreadData } from './graph-messages.ts'
import type { GraphOptions, GraphTensors, OnnxGraph } from './onnx-runtime.ts'

interface Pending {
  resolve(outputs: GraphTensors): void
  reject(error: Error): void
}

const ENTRY = entryFile('model', 'graph-thread-entry')

/** Whether graphs can have threads of their own here: not where a bundler has put everything into one file. */
export const CAN_OPEN_IN_THREAD = ENTRY !== undefined

/**
 * Opens a graph on the CPU in a thread of its own, so that it runs while the caller's thread runs another.
 *
 * One operator divides badly over two cores: voxel's denoiser takes 30 ms on one and 26 on two, its decoder 20 and 16.
 * Side by side on a core each they take 30 together.
 *
 * @throws what `openGraph` throws, by its message
 */
export async function openGraphInThread(source: Uint8Array | string, options: GraphOptions): Promise<OnnxGraph> {
  if (!ENTRY) throw new Error('model/graph-thread-entry is not beside the code that starts it')
  const workerData: GraphThreadData = { source, options }
  const thread = new Worker(ENTRY.path, { workerData, execArgv: ENTRY.execArgv })
  const exit = once(thread, 'exit').then(([code]) => Promise.reject(endedWith(code)))
  const [first]: [GraphReply] = await Promise.race([once(thread, 'message') as Promise<[GraphReply]>, exit])
  exit.catch(() => {}) // from here on the graph listens itself
  if (first.kind === 'ready') return new GraphThread(thread, first)
  await thread.terminate()
  throw new Error(first.kind === 'failed' ? first.message : `a thread began with "${first.kind}"`)
}

function endedWith(code: number): Error {
  return new Error(`the graph's thread ended with code ${code}`)
}

class GraphThread implements OnnxGraph {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly #thread: Worker
  readonly #pending = new Map<number, Pending>()
  #runs = 0
  #end: Error | undefined

  constructor(thread: Worker, { inputs, outputs }: Extract<GraphReply, { kind: 'ready' }>) {
    this.inputs = inputs
    this.outputs = outputs
    this.#thread = thread
    thread.on('message', (reply: GraphReply) => this.#take(reply))
    thread.on('error', (error) => this.#fail(error as Error))
    thread.on('exit', (code) => this.#fail(endedWith(code)))
    thread.unref()
  }

  takesAnyLength(): boolean {
    return false
  }

  /** The request leaves at once; inputs are copied. */
  run(feeds: GraphTensors, wanted?: readonly string[]): Promise<GraphTensors> {
    if (this.#end) return Promise.reject(this.#end)
    const id = this.#runs++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#thread.ref() // a process must not end for want of work while it waits for this
      this.#post({ kind: 'run', id, feeds, wanted })
    })
  }

  async release(): Promise<void> {
    if (this.#end) return
    this.#end = new Error('the graph was released')
    this.#thread.ref()
    const exit = once(this.#thread, 'exit')
    this.#post({ kind: 'release' })
    await exit
  }

  #post(request: GraphRequest): void {
    this.#thread.postMessage(request)
  }

  #take(reply: GraphReply): void {
    if (reply.kind !== 'done' && reply.kind !== 'rejected') return
    const pending = this.#pending.get(reply.id)
    this.#pending.delete(reply.id)
    if (this.#pending.size === 0) this.#thread.unref()
    if (reply.kind === 'done') pending?.resolve(reply.outputs)
    else pending?.reject(new Error(reply.message))
  }

  #fail(error: Error): void {
    this.#end ??= error
    for (const { reject } of this.#pending.values()) reject(this.#end)
    this.#pending.clear()
  }
}
