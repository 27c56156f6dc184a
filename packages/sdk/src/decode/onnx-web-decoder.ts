import type { InferenceSession, Tensor } from 'onnxruntime-web/wasm'
import { dequantiseLatent, SoraError } from '../protocol/index.ts'
import { FramePool, rgbToRgba } from './frame-pool.ts'
import type { EngineFrame, EngineModel, EngineResult, LatentEngine } from './latent-engine.ts'
import { type WasmUrls, wasmUrls, webgpuWasmUrls } from './wasm-urls.ts'

type Runtime = typeof import('onnxruntime-web/wasm')

/** A GPU that has not answered by then is worse than none. */
const GPU_PATIENCE_MS = 8000
/** Loading 14 MB over a slow line and compiling it; a start that hangs must not hang the page's user. */
const PATIENCE_MS = 60_000
/** Share of a chunk's time that decoding may take, so that showing and input keep their part. */
const REAL_TIME_SHARE = 0.5
const MAX_THREADS = 4
/** Stream of the first runs; worlds count from 1. */
const WARM_UP = 0
/** At most, where the first of them are slow. */
const WARM_UP_RUNS = 4

/** {@link LatentEngine} with onnxruntime-web, in the thread that calls it. The only file that imports it. */
export class OnnxWebDecoder implements LatentEngine {
  readonly problem = null
  warmUpMs: number | undefined
  #runtime: Runtime | null = null
  #session: InferenceSession | null = null
  #model: EngineModel | null = null
  #pool: FramePool | null = null
  #latent = new Float32Array(0)
  readonly #states = new Map<number, Tensor>()
  #backend = ''

  get backend(): string {
    return this.#backend
  }

  async load(model: EngineModel, onProgress: (words: string) => void): Promise<void> {
    this.#model = model
    this.#latent = new Float32Array(model.channels * model.latentHeight * model.latentWidth)
    const depths = Math.floor(model.width / model.depthScale) * Math.floor(model.height / model.depthScale)
    this.#pool = new FramePool(model.width * model.height, depths)
    if (model.backend !== 'wasm' && (await this.#tryWebGpu(onProgress))) return
    await this.#startWasm(onProgress)
  }

  async decode(latent: Int8Array<ArrayBuffer>, restart: boolean, stream: number): Promise<EngineResult> {
    if (latent.length !== this.#latent.length) {
      throw new SoraError('packet-invalid', `latent of ${latent.length} numbers, the model has ${this.#latent.length}`)
    }
    const startMs = performance.now()
    dequantiseLatent(latent, this.#model!.clip, this.#latent)
    const frames = await this.#run(restart, stream)
    return { frames, decodeMs: performance.now() - startMs }
  }

  close(stream: number): void {
    this.#states.delete(stream)
  }

  recycle(frame: EngineFrame): void {
    this.#pool?.give(frame)
  }

  dispose(): void {
    void this.#session?.release().catch(() => {})
    this.#session = null
    this.#states.clear()
  }

  async #tryWebGpu(onProgress: (words: string) => void): Promise<boolean> {
    const isWanted = this.#model!.backend === 'webgpu'
    if (!(await hasGpu(isWanted))) return false
    try {
      onProgress('loading the WebGPU runtime')
      this.#runtime = (await import('onnxruntime-web/webgpu')) as unknown as Runtime
      locateWasm(this.#runtime, webgpuWasmUrls())
      const patienceMs = isWanted ? PATIENCE_MS : GPU_PATIENCE_MS
      await within(patienceMs, this.#createSession('webgpu'))
      onProgress('warming up the decoder on the GPU')
      const ms = await within(patienceMs, this.#warmUp())
      const isTooSlow = !isWanted && ms > this.#model!.chunkMs * REAL_TIME_SHARE
      if (isTooSlow) throw new SoraError('decoder-failed', `the GPU takes ${ms} ms for a chunk`)
      this.#backend = 'webgpu'
      this.warmUpMs = ms
      return true
    } catch {
      // Not an error: many browsers offer a GPU that does not serve. WASM works nearly everywhere.
      this.dispose()
      return false
    }
  }

  async #startWasm(onProgress: (words: string) => void): Promise<void> {
    if (typeof WebAssembly !== 'object') throw new SoraError('no-wasm', 'this browser has no WebAssembly')
    onProgress('loading the WASM runtime')
    const threads = threadCount(this.#model!.threads)
    try {
      this.#runtime = await import('onnxruntime-web/wasm')
      locateWasm(this.#runtime, wasmUrls())
      this.#runtime.env.wasm.numThreads = threads
      await within(PATIENCE_MS, this.#createSession('wasm'))
      onProgress('warming up the decoder')
      this.warmUpMs = await this.#warmUp()
    } catch (cause) {
      this.dispose()
      if (cause instanceof SoraError) throw cause
      throw new SoraError('decoder-failed', `the decoder did not start: ${wordsOf(cause)}`, { cause })
    }
    this.#backend = threads === 1 ? 'wasm' : `wasm, ${threads} threads`
  }

  async #createSession(provider: 'webgpu' | 'wasm'): Promise<void> {
    const { InferenceSession, env } = this.#runtime!
    const { graph, weights } = this.#model!
    env.logLevel = 'error'
    this.#session = await InferenceSession.create(graph, {
      executionProviders: [provider],
      externalData: Object.entries(weights).map(([path, data]) => ({ path, data })),
      graphOptimizationLevel: 'all',
      // Errors only: that some nodes run on the CPU is no news.
      logSeverityLevel: 3,
    })
  }

  /** The state is as new afterwards. Gives the quickest run: what the machine does beside it only lengthens one. */
  async #warmUp(): Promise<number> {
    this.#latent.fill(0)
    // The first one compiles.
    await this.#timedRun()
    const enoughMs = this.#model!.chunkMs * REAL_TIME_SHARE
    let bestMs = await this.#timedRun()
    for (let run = 1; run < WARM_UP_RUNS && bestMs > enoughMs; run++) bestMs = Math.min(bestMs, await this.#timedRun())
    this.close(WARM_UP)
    return bestMs
  }

  async #timedRun(): Promise<number> {
    const startMs = performance.now()
    for (const frame of await this.#run(true, WARM_UP)) this.recycle(frame)
    return performance.now() - startMs
  }

  async #run(restart: boolean, stream: number): Promise<EngineFrame[]> {
    const { channels, latentHeight: h, latentWidth: w, stateChannels } = this.#model!
    const { Tensor } = this.#runtime!
    if (!this.#session) throw new SoraError('aborted', 'the decoder was disposed')
    const before = restart ? undefined : this.#states.get(stream)
    const state = before ?? new Tensor('float32', new Float32Array(stateChannels * h * w), [1, stateChannels, h, w])
    const latent = new Tensor('float32', this.#latent, [1, channels, h, w])
    let outputs: InferenceSession.OnnxValueMapType
    try {
      outputs = await this.#session.run({ latent, state })
    } catch (cause) {
      this.close(stream)
      throw new SoraError('decoder-failed', `the decoder failed: ${wordsOf(cause)}`, { cause })
    }
    this.#states.set(stream, (outputs.next_state as Tensor | undefined) ?? state)
    return this.#unpack(outputs.frames as Tensor, outputs.inverse_depth as Tensor | undefined)
  }

  /** `frames` uint8 [1,F,H,W,3], `depth` float32 [1,F,H/s,W/s] */
  #unpack(frames: Tensor, depth: Tensor | undefined): EngineFrame[] {
    const { framesPerChunk, width, height } = this.#model!
    const pixels = width * height
    const rgb = frames.data as Uint8Array
    if (rgb.length !== framesPerChunk * pixels * 3) {
      throw new SoraError('decoder-failed', `the decoder made pictures of shape ${frames.dims.join('x')}`)
    }
    return Array.from({ length: framesPerChunk }, (_, index) => {
      const frame = this.#pool!.take()
      rgbToRgba(rgb.subarray(index * pixels * 3, (index + 1) * pixels * 3), frame.rgba)
      if (frame.inverseDepth) copyPart(depth?.data as Float32Array | undefined, index, frame.inverseDepth)
      return frame
    })
  }
}

function copyPart(from: Float32Array | undefined, index: number, to: Float32Array): void {
  const start = index * to.length
  if (from && from.length >= start + to.length) to.set(from.subarray(start, start + to.length))
  else to.fill(0)
}

/** An adapter that is software only would be slower than WASM: it is taken only when it was asked for. */
async function hasGpu(isWanted: boolean): Promise<boolean> {
  const gpu = (globalThis.navigator as { gpu?: { requestAdapter(): Promise<unknown> } } | undefined)?.gpu
  if (!gpu) return false
  try {
    const adapter = (await within(GPU_PATIENCE_MS, gpu.requestAdapter())) as {
      info?: { isFallbackAdapter?: boolean }
    } | null
    return adapter !== null && (isWanted || adapter.info?.isFallbackAdapter !== true)
  } catch {
    return false
  }
}

function locateWasm(runtime: Runtime, urls: WasmUrls | null): void {
  if (urls) runtime.env.wasm.wasmPaths = urls
}

/** Threads need shared memory, which browsers give only to isolated pages (COOP and COEP headers). */
function threadCount(wanted: number): number {
  const isIsolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true
  const cores = (globalThis.navigator as Navigator | undefined)?.hardwareConcurrency ?? 1
  if (!isIsolated) return 1
  // Leave one core to the page.
  return wanted || Math.max(1, Math.min(MAX_THREADS, cores - 1))
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new SoraError('decoder-failed', `the decoder did not start in ${ms / 1000} s`)),
      ms,
    )
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
