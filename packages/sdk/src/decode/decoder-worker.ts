import { OnnxWebDecoder } from './onnx-web-decoder.ts'
import { serveEngine, type WorkerScope } from './serve-engine.ts'

/** Entry of the decoder's worker. */
serveEngine(new OnnxWebDecoder(), globalThis as unknown as WorkerScope)
