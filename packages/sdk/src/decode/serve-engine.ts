import { toSoraError } from '../protocol/index.ts'
import type { LatentEngine } from './latent-engine.ts'
import { buffersOf, type WorkerRequest, type WorkerResponse } from './worker-messages.ts'

/** What a worker sees of the page; `globalThis` of a worker is one. */
export interface WorkerScope {
  onmessage: ((event: { data: WorkerRequest }) => void) | null
  postMessage(message: WorkerResponse, transfer?: ArrayBuffer[]): void
}

/** Puts an engine behind messages, so that decoding never keeps the page from drawing. */
export function serveEngine(engine: LatentEngine, scope: WorkerScope): void {
  async function handle(request: WorkerRequest): Promise<void> {
    if (request.kind === 'recycle') return engine.recycle(request.frame)
    if (request.kind === 'close') return engine.close(request.stream)
    try {
      if (request.kind === 'load') {
        await engine.load(request.model, (words) => scope.postMessage({ kind: 'progress', words }))
        const { backend, warmUpMs } = engine
        return scope.postMessage({ kind: 'loaded', id: request.id, engine: { backend, warmUpMs } })
      }
      const result = await engine.decode(request.latent, request.restart, request.stream)
      scope.postMessage({ kind: 'decoded', id: request.id, result }, buffersOf(result.frames))
    } catch (error) {
      scope.postMessage({ kind: 'failed', id: request.id, error: toSoraError(error, 'decoder-failed').toJSON() })
    }
  }
  scope.onmessage = ({ data }) => void handle(data)
}
