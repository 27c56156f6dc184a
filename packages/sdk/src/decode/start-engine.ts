import { chunkDurationMs, type ModelManifest, SoraError } from '../protocol/index.ts'
import type { DecoderOptions } from './frame-decoder.ts'
import type { EngineModel, LatentEngine } from './latent-engine.ts'
import { WorkerEngine } from './worker-engine.ts'

/** What runs the decoder. */
export interface EngineOptions {
  /** `auto`: WebGPU where it works and is fast enough, else WASM. `webgpu`: also a slow one. */
  backend?: 'auto' | 'webgpu' | 'wasm'
  /** WASM threads, on pages that are isolated (COOP and COEP headers); all cores but one, and at most four, by default. */
  threads?: number
  /**
   * Starts the worker that `@sora-world/sdk/decoder-worker` is the entry of, for bundlers that do not understand
   * `new Worker(new URL(..., import.meta.url))`. `null`: decode in this thread.
   */
  createWorker?: (() => Worker) | null
  /** Takes the place of onnxruntime-web in this thread; for tests. */
  createEngine?: () => LatentEngine | Promise<LatentEngine>
}

/** Everything about a model that an engine needs to know, but for the graph and its weights. */
export type EngineShape = Omit<EngineModel, 'graph' | 'weights'>

type EngineMaker = () => LatentEngine | Promise<LatentEngine>

export function engineShape(
  { manifest, size }: Pick<DecoderOptions, 'manifest' | 'size'>,
  { backend = 'auto', threads = 0 }: EngineOptions,
): EngineShape {
  return {
    channels: manifest.latent.channels,
    latentWidth: size.latentWidth,
    latentHeight: size.latentHeight,
    stateChannels: manifest.decoder.stateChannels,
    framesPerChunk: manifest.frames.perChunk,
    width: size.width,
    height: size.height,
    depthScale: manifest.decoder.depthScale,
    clip: manifest.latent.wire.clip,
    chunkMs: chunkDurationMs(manifest),
    backend,
    threads,
  }
}

/** A variant made for browsers, else full precision, which every backend runs; else what the server plays. */
export function decoderFile(manifest: ModelManifest, variant: string): string {
  const { variants } = manifest
  const graphs = variants.web ?? variants['cpu-fp32'] ?? variants[variant] ?? Object.values(variants)[0]
  if (!graphs) throw new SoraError('model-invalid', 'the model package has no variant')
  return graphs.decoder
}

/**
 * Tries one way to decode after the other, best first.
 *
 * @throws SoraError of the last one, or `signal.reason`
 */
export async function startEngine(
  makers: readonly EngineMaker[],
  model: EngineModel,
  progress: (words: string) => void,
  signal: AbortSignal,
): Promise<LatentEngine> {
  const [make, ...others] = makers
  let engine: LatentEngine | null = null
  // Also while it loads.
  const end = () => engine?.dispose()
  signal.addEventListener('abort', end)
  try {
    engine = await make!()
    signal.throwIfAborted()
    await engine.load(model, progress)
    signal.throwIfAborted()
    return engine
  } catch (error) {
    end()
    signal.throwIfAborted()
    if (others.length === 0) throw error
    // Whatever the worker stumbled over, threads are the likeliest.
    return await startEngine(others, { ...model, backend: 'wasm', threads: 1 }, progress, signal)
  } finally {
    signal.removeEventListener('abort', end)
  }
}

/** Ways to decode, best first. */
export function engineMakers({ createEngine, createWorker }: EngineOptions): readonly EngineMaker[] {
  if (createEngine) return [createEngine]
  const start = createWorker === undefined ? PAGE_WORKER : createWorker
  return start ? [() => new WorkerEngine(start()), inThisThread] : [inThisThread]
}

/** Two decoders with the same source can share an engine. */
export function engineSource({ createEngine, createWorker }: EngineOptions): object {
  return createEngine ?? (createWorker === undefined ? PAGE_WORKER : createWorker) ?? inThisThread
}

function startWorker(): Worker {
  // Bundlers look for exactly these words.
  return new Worker(new URL('./decoder-worker.ts', import.meta.url), { type: 'module', name: 'sora-world decoder' })
}

async function inThisThread(): Promise<LatentEngine> {
  const { OnnxWebDecoder } = await import('./onnx-web-decoder.ts')
  return new OnnxWebDecoder()
}

/** Null where there are no workers. */
const PAGE_WORKER = typeof Worker === 'function' ? startWorker : null
