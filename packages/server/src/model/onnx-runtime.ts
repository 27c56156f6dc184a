import { availableParallelism } from 'node:os'
import { SoraError } from '@sora-world/sdk/protocol'
import * as ort from 'onnxruntime-node'

/**
 * The only file that knows onnxruntime-node.
 *
 * `run()` of that library computes on the calling thread in spite of its promise (microsoft/onnxruntime#19611), so
 * whoever opens graphs belongs into a process of its own. It does not fall back from one execution provider to the
 * next either: a list whose first provider cannot start throws, so providers are tried one by one by the caller.
 */

// A provider that cannot start is an answer, not an emergency: its reason is in the error that is thrown.
ort.env.logLevel = 'fatal'

export const PROVIDERS = ['cuda', 'webgpu', 'cpu'] as const
export type Provider = (typeof PROVIDERS)[number]

/** A tensor as plain data; `dims` innermost last. */
export type GraphTensor =
  | { type: 'float32'; data: Float32Array; dims: readonly number[] }
  | { type: 'uint8'; data: Uint8Array; dims: readonly number[] }
  | { type: 'int64'; data: BigInt64Array; dims: readonly number[] }

export type GraphTensors = Record<string, GraphTensor>

export interface OnnxGraph {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** Runs the graph; inputs are read in place, outputs are fresh arrays owned by the caller. */
  run(feeds: GraphTensors): Promise<GraphTensors>
  release(): Promise<void>
}

export interface GraphOptions {
  provider: Provider
  /** Threads of one operator; 0 = as many as there are, at most {@link MAX_AUTO_THREADS}. */
  threads: number
}

/** Products this small do not divide over more cores without losing to the hand-over. */
const MAX_AUTO_THREADS = 4

/**
 * Opens a graph on one execution provider.
 *
 * @throws whatever onnxruntime throws when the provider cannot start or the graph is broken
 */
export async function openGraph(bytes: Uint8Array, options: GraphOptions): Promise<OnnxGraph> {
  const ortSession = await ort.InferenceSession.create(bytes, {
    executionProviders: [options.provider],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: options.threads || Math.min(MAX_AUTO_THREADS, availableParallelism()),
    logSeverityLevel: 4,
    // Idle threads that spin would burn a core between two chunks: 0.90 against 0.18 cores at 20 runs a second.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  })
  return {
    inputs: ortSession.inputNames,
    outputs: ortSession.outputNames,
    run: async (feeds) => fromOrt(await ortSession.run(toOrt(feeds))),
    release: () => ortSession.release(),
  }
}

function toOrt(feeds: GraphTensors): Record<string, ort.Tensor> {
  return Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toOrtTensor(tensor)]))
}

function toOrtTensor(tensor: GraphTensor): ort.Tensor {
  switch (tensor.type) {
    case 'float32':
      return new ort.Tensor('float32', tensor.data, tensor.dims)
    case 'uint8':
      return new ort.Tensor('uint8', tensor.data, tensor.dims)
    case 'int64':
      return new ort.Tensor('int64', tensor.data, tensor.dims)
  }
}

function fromOrt(results: Record<string, ort.Tensor>): GraphTensors {
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, fromOrtTensor(name, tensor)]))
}

function fromOrtTensor(name: string, tensor: ort.Tensor): GraphTensor {
  const { type, data, dims } = tensor
  if (type === 'float32' && data instanceof Float32Array) return { type, data, dims }
  if (type === 'uint8' && data instanceof Uint8Array) return { type, data, dims }
  if (type === 'int64' && data instanceof BigInt64Array) return { type, data, dims }
  throw new SoraError('model-invalid', `output "${name}" has type ${type}`)
}
