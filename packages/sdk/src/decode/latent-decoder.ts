import { SoraError, weightsFiles } from '../protocol/index.ts'
import type { Chunk } from '../stream/chunk-assembler.ts'
import type { DecodedChunk, DecoderOptions, FrameDecoder, Picture } from './frame-decoder.ts'
import type { EngineFrame } from './latent-engine.ts'
import { type EngineStream, SharedEngines } from './shared-engines.ts'
import {
  decoderFile,
  type EngineOptions,
  type EngineShape,
  engineMakers,
  engineShape,
  engineSource,
  startEngine,
} from './start-engine.ts'

export interface LatentDecoderOptions extends EngineOptions {
  /**
   * Decoders of one set share an engine where model, size, backend and the functions above are the same. One set for the
   * whole page by default: several worlds, one worker.
   */
  engines?: SharedEngines
}

const PAGE_ENGINES = /* @__PURE__ */ new SharedEngines()

/** Latent downlink: decodes with the model's own decoder, in a worker where there are workers. */
export class LatentDecoder implements FrameDecoder {
  readonly kind = 'latent'
  readonly #options: LatentDecoderOptions
  readonly #closing = new AbortController()
  #stream: EngineStream | null = null
  #shape: EngineShape | null = null

  constructor(options: LatentDecoderOptions = {}) {
    this.#options = options
  }

  get backend(): string {
    return this.#stream?.backend ?? ''
  }

  get warmUpMs(): number | undefined {
    return this.#stream?.warmUpMs
  }

  async load({ manifest, variant, size, files, onProgress = () => {}, signal }: DecoderOptions): Promise<void> {
    const options = this.#options
    const shape = engineShape({ manifest, size }, options)
    const file = decoderFile(manifest, variant)
    const weightFiles = weightsFiles(manifest, file)
    const hashes = [file, ...weightFiles].map((name) => manifest.files[name]?.sha256)
    const signals = [this.#closing.signal, ...(signal ? [signal] : [])]
    this.#stream = await (options.engines ?? PAGE_ENGINES).open({
      source: engineSource(options),
      key: JSON.stringify([hashes, file, shape]),
      start: async (progress, unused) => {
        const read = (name: string) => files.read(name, manifest, { signal: unused, onBytes: downloadWords(progress) })
        const graph = await read(file)
        const weights = Object.fromEntries(
          await Promise.all(weightFiles.map(async (name) => [name, await read(name)] as const)),
        )
        return startEngine(engineMakers(options), { ...shape, graph, weights }, progress, unused)
      },
      onProgress,
      signal: AbortSignal.any(signals),
    })
    this.#shape = shape
    if (this.#closing.signal.aborted) this.#stream.close()
  }

  async decode(chunk: Chunk): Promise<DecodedChunk> {
    if (chunk.kind !== 'latent') throw new SoraError('packet-invalid', 'pictures came where a latent was expected')
    const [stream, shape] = [this.#stream, this.#shape]
    if (!stream || !shape) throw new SoraError('aborted', 'the decoder is not loaded')
    checkShape(chunk.header.shape, shape)
    const { frames, decodeMs } = await stream.decode(chunk.latent, chunk.restart)
    return { pictures: frames.map((frame) => makePicture(frame, shape, stream)), decodeMs }
  }

  dispose(): void {
    this.#closing.abort(new SoraError('aborted', 'the decoder was disposed'))
    this.#stream?.close()
  }
}

function makePicture(frame: EngineFrame, { width, height, depthScale }: EngineShape, stream: EngineStream): Picture {
  let isOut = true
  return {
    width,
    height,
    rgba: frame.rgba,
    inverseDepth: frame.inverseDepth,
    depthWidth: frame.inverseDepth ? Math.floor(width / depthScale) : 0,
    depthHeight: frame.inverseDepth ? Math.floor(height / depthScale) : 0,
    release() {
      if (isOut) stream.recycle(frame)
      isOut = false
    },
  }
}

function checkShape([channels, height, width]: readonly number[], shape: EngineShape): void {
  if (channels === shape.channels && height === shape.latentHeight && width === shape.latentWidth) return
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
