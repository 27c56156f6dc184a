import type { GraphOptions, GraphTensors } from './onnx-runtime.ts'

/** What a thread of `graph-thread.ts` is started with. */
export interface GraphThreadData {
  source: Uint8Array | string
  options: GraphOptions
}

export type GraphRequest =
  | { kind: 'run'; id: number; feeds: GraphTensors; wanted?: readonly string[] }
  | { kind: 'release' }

export type GraphReply =
  | { kind: 'ready'; inputs: readonly string[]; outputs: readonly string[] }
  /** The graph could not be opened; the thread ends. */
  | { kind: 'failed'; message: string }
  | { kind: 'done'; id: number; outputs: GraphTensors }
  | { kind: 'rejected'; id: number; message: string }
