import { parentPort, workerData } from 'node:worker_threads'
import type { GraphReply, GraphRequest, GraphThreadData } from './graph-messages.ts'
import { type GraphTensors, type OnnxGraph, openGraph } from './onnx-runtime.ts'

/** Entry of the thread that `graph-thread.ts` starts: one graph, runs in the order they came. */

const port = parentPort!
const { source, options } = workerData as GraphThreadData

function send(reply: GraphReply, transfer: ArrayBuffer[] = []): void {
  port.postMessage(reply, transfer)
}

/** Each buffer once: outputs may share one. */
function buffersOf(tensors: GraphTensors): ArrayBuffer[] {
  return [...new Set(Object.values(tensors).map(({ data }) => data.buffer as ArrayBuffer))]
}

async function answer(graph: OnnxGraph, request: GraphRequest): Promise<void> {
  if (request.kind === 'release') {
    await graph.release()
    return port.close() // nothing is left to do: the thread ends
  }
  try {
    const outputs = await graph.run(request.feeds, request.wanted)
    send({ kind: 'done', id: request.id, outputs }, buffersOf(outputs))
  } catch (error) {
    send({ kind: 'rejected', id: request.id, message: (error as Error).message })
  }
}

try {
  const graph = await openGraph(source, options)
  let last = Promise.resolve()
  port.on('message', (request: GraphRequest) => {
    last = last.then(() => answer(graph, request))
  })
  send({ kind: 'ready', inputs: graph.inputs, outputs: graph.outputs })
} catch (error) {
  send({ kind: 'failed', message: (error as Error).message })
}
