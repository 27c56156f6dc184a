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
  /** Whether this axis of an input takes any length, 0 included. Drivers of graphics cards want at least one number. */
  takesAnyLength(input: string, axis: number): boolean
  /**
   * Runs the graph; inputs are read in place, outputs are fresh arrays owned by the caller.
   *
   * @param wanted names of the outputs to hand over; all when not given
   */
  run(feeds: GraphTensors, wanted?: readonly string[]): Promise<GraphTensors>
  release(): Promise<void>
}

export interface GraphOptions {
  provider: Provider
  /** Threads of one operator; 0 = as many as there are, at most {@link MAX_AUTO_THREADS}. */
  threads: number
}

/** Products this small do not divide over more cores without losing to the hand-over. */
const MAX_AUTO_THREADS = 4

/** `threads`, or what its 0 stands for. */
export function threadsOf(threads: number): number {
  return threads || Math.min(MAX_AUTO_THREADS, availableParallelism())
}

/**
 * Opens a graph on one execution provider.
 *
 * @param source bytes of the graph, or the path of its file when its weights lie beside it
 * @throws whatever onnxruntime throws when the provider cannot start or the graph is broken
 */
export async function openGraph(source: Uint8Array | string, options: GraphOptions): Promise<OnnxGraph> {
  const sessionOptions: ort.InferenceSession.SessionOptions = {
    executionProviders: [options.provider],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threadsOf(options.threads),
    logSeverityLevel: 4,
    // Threads that spin while they wait are quicker on cores that nobody else wants, and much slower as soon as somebody
    // does, be it the browser that shows the world. Voxel's int8 denoiser, two threads on two cores: 43 ms without
    // spinning and 37 ms with it on an idle machine, 47 and 93 ms beside one other busy program. They also burn 0.35
    // cores between 5 runs a second. `session.force_spinning_stop` ends that (0.004 cores, as without spinning), but not
    // the former: 92 ms. Beside such a program spinning for 50 us at most is slower too, 72 against 58 ms.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  }
  // Two calls, because the overloads of `create` take no union.
  const ortSession =
    typeof source === 'string'
      ? await ort.InferenceSession.create(source, sessionOptions)
      : await ort.InferenceSession.create(source, sessionOptions)
  return {
    inputs: ortSession.inputNames,
    outputs: ortSession.outputNames,
    takesAnyLength: (input, axis) => options.provider === 'cpu' && typeof shapeOf(ortSession, input)[axis] === 'string',
    run: async (feeds, wanted = ortSession.outputNames) => fromOrt(await ortSession.run(toOrt(feeds), wanted)),
    release: () => ortSession.release(),
  }
}

/** Axes of fixed length as numbers, others by name; empty when there is no such input. */
function shapeOf(session: ort.InferenceSession, input: string): readonly (number | string)[] {
  const found = session.inputMetadata.find((metadata) => metadata.name === input)
  return found?.isTensor ? found.shape : []
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
