import { chunkDurationMs, type ModelManifest, SoraError } from '../protocol/index.ts'
import type { Chunk } from '../stream/chunk-assembler.ts'
import type { DecodedChunk, DecoderOptions, FrameDecoder, Picture } from './frame-decoder.ts'
import type { EngineFrame, EngineModel, LatentEngine } from './latent-engine.ts'
import { WorkerEngine } from './worker-engine.ts'

export interface LatentDecoderOptions {
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

/** Latent downlink: decodes with the model's own decoder, in a worker where there are workers. */
export class LatentDecoder implements FrameDecoder {
  readonly kind = 'latent'
  readonly #options: LatentDecoderOptions
  #engine: LatentEngine | null = null
  #model: EngineModel | null = null
  #last: Promise<unknown> = Promise.resolve()
  #isDisposed = false

  constructor(options: LatentDecoderOptions = {}) {
    this.#options = options
  }

  get backend(): string {
    return this.#engine?.backend ?? ''
  }

  async load(options: DecoderOptions): Promise<void> {
    const progress = options.onProgress ?? (() => {})
    this.#model = await readModel(options, this.#options, progress)
    const engines = this.#engines()
    for (const [index, create] of engines.entries()) {
      if (await this.#tryEngine(create, progress, index === engines.length - 1)) return
      // Whatever the worker stumbled over, threads are the likeliest.
      this.#model = { ...this.#model, backend: 'wasm', threads: 1 }
    }
  }

  decode(chunk: Chunk): Promise<DecodedChunk> {
    // One after the other: each chunk needs the state that the one before leaves.
    const result = this.#last.then(() => this.#decode(chunk))
    this.#last = result.catch(() => {})
    return result
  }

  dispose(): void {
    this.#isDisposed = true
    this.#engine?.dispose()
  }

  /** Ways to decode, best first. */
  #engines(): (() => LatentEngine | Promise<LatentEngine>)[] {
    const { createEngine, createWorker = typeof Worker === 'function' ? startWorker : null } = this.#options
    if (createEngine) return [createEngine]
    return createWorker ? [() => new WorkerEngine(createWorker()), inThisThread] : [inThisThread]
  }

  async #tryEngine(
    create: () => LatentEngine | Promise<LatentEngine>,
    progress: (words: string) => void,
    isLast: boolean,
  ): Promise<boolean> {
    try {
      // Known from the start, so that `dispose` ends it while it loads.
      this.#engine = await create()
      await this.#engine.load(this.#model!, progress)
    } catch (error) {
      this.#engine?.dispose()
      this.#engine = null
      if (isLast || this.#isDisposed) throw error
      return false
    }
    if (this.#isDisposed) this.#engine.dispose()
    return true
  }

  async #decode(chunk: Chunk): Promise<DecodedChunk> {
    if (chunk.kind !== 'latent') throw new SoraError('packet-invalid', 'pictures came where a latent was expected')
    const engine = this.#engine
    if (!engine || this.#isDisposed) throw new SoraError('aborted', 'the decoder is not loaded')
    checkShape(chunk.header.shape, this.#model!)
    const { frames, decodeMs } = await engine.decode(chunk.latent, chunk.restart)
    return { pictures: frames.map((frame) => this.#picture(frame, engine)), decodeMs }
  }

  #picture(frame: EngineFrame, engine: LatentEngine): Picture {
    const { width, height, depthScale } = this.#model!
    let isOut = true
    return {
      width,
      height,
      rgba: frame.rgba,
      inverseDepth: frame.inverseDepth,
      depthWidth: frame.inverseDepth ? Math.floor(width / depthScale) : 0,
      depthHeight: frame.inverseDepth ? Math.floor(height / depthScale) : 0,
      release() {
        if (isOut) engine.recycle(frame)
        isOut = false
      },
    }
  }
}

function startWorker(): Worker {
  // Bundlers look for exactly these words.
  return new Worker(new URL('./decoder-worker.ts', import.meta.url), { type: 'module', name: 'sora-world decoder' })
}

async function inThisThread(): Promise<LatentEngine> {
  const { OnnxWebDecoder } = await import('./onnx-web-decoder.ts')
  return new OnnxWebDecoder()
}

async function readModel(
  { manifest, variant, size, files, signal }: DecoderOptions,
  { backend = 'auto', threads = 0 }: LatentDecoderOptions,
  progress: (words: string) => void,
): Promise<EngineModel> {
  const name = decoderFile(manifest, variant)
  const graph = await files.read(name, manifest, { signal, onBytes: downloadWords(progress) })
  return {
    graph,
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
function decoderFile(manifest: ModelManifest, variant: string): string {
  const { variants } = manifest
  const graphs = variants.web ?? variants['cpu-fp32'] ?? variants[variant] ?? Object.values(variants)[0]
  if (!graphs) throw new SoraError('model-invalid', 'the model package has no variant')
  return graphs.decoder
}

function checkShape([channels, height, width]: readonly number[], model: EngineModel): void {
  if (channels === model.channels && height === model.latentHeight && width === model.latentWidth) return
  throw new SoraError('packet-invalid', `latent of shape ${channels}x${height}x${width} does not fit the model`)
}

/** Twenty times in all: more would only flicker. */
function downloadWords(progress: (words: string) => void): (done: number, total: number) => void {
  let told = -1
  return (done, total) => {
    const step = Math.floor((20 * done) / total)
    if (step === told) return
    told = step
    progress(`loading the decoder, ${megabytes(done)} of ${megabytes(total)} MB`)
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
