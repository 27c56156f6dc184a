import { toSoraError } from '../protocol/index.ts'
import { OnnxWebDecoder } from './onnx-web-decoder.ts'
import { buffersOf, type WorkerRequest, type WorkerResponse } from './worker-messages.ts'

/** Entry of the decoder's worker: an engine behind messages, so that decoding never keeps the page from drawing. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null
  postMessage(message: WorkerResponse, transfer?: ArrayBuffer[]): void
}

const scope = globalThis as unknown as WorkerScope
const engine = new OnnxWebDecoder()

scope.onmessage = ({ data }) => void handle(data)

async function handle(request: WorkerRequest): Promise<void> {
  if (request.kind === 'recycle') return engine.recycle(request.frame)
  try {
    if (request.kind === 'load') {
      await engine.load(request.model, (words) => scope.postMessage({ kind: 'progress', words }))
      return scope.postMessage({ kind: 'loaded', id: request.id, backend: engine.backend })
    }
    const result = await engine.decode(request.latent, request.restart)
    scope.postMessage({ kind: 'decoded', id: request.id, result }, buffersOf(result.frames))
  } catch (error) {
    scope.postMessage({ kind: 'failed', id: request.id, error: toSoraError(error, 'decoder-failed').toJSON() })
  }
}
