import type { FrameDecoder } from '../decode/frame-decoder.ts'
import { ImageDecoder } from '../decode/image-decoder.ts'
import { LatentDecoder } from '../decode/latent-decoder.ts'
import type { ModelFiles } from '../decode/model-files.ts'
import { chunkDurationMs, type ModelManifest, SoraError, toSoraError, type WelcomeMessage } from '../protocol/index.ts'
import type { ChunkPipeline } from './chunk-pipeline.ts'
import type { WorldClientOptions } from './world-options.ts'

type Downlink = 'auto' | 'latent' | 'image'

export interface DecoderSeatOptions {
  pipeline: ChunkPipeline
  signal: AbortSignal
  progress(words: string): void
  /** The server has to send what this decoder reads. */
  askFor(kind: FrameDecoder['kind']): void
  report(error: SoraError): void
  /** Makes the decoders, and says whether pictures can be read here; for tests. */
  make?(kind: FrameDecoder['kind']): FrameDecoder
  canReadPictures?(): boolean
}

export interface KnownModel {
  welcome: WelcomeMessage
  manifest: ModelManifest
  files: ModelFiles
}

/** Share of a chunk's time that decoding may take in the warm-up; in play the page needs some time too. */
const KEEPS_UP = 0.8

/**
 * Decides who decodes: the latent decoder where it runs and keeps up, else the server. Where pictures can be read, the
 * server's are shown while the decoder loads, so that the world is there at once.
 */
export class DecoderSeat {
  readonly #options: DecoderSeatOptions
  readonly #downlink: Downlink
  readonly #own: FrameDecoder | undefined
  readonly #make: (kind: FrameDecoder['kind']) => FrameDecoder
  readonly #picturesFirst: boolean
  #model: KnownModel | null = null

  constructor({ downlink = 'auto', decoder }: WorldClientOptions, options: DecoderSeatOptions) {
    this.#options = options
    this.#downlink = downlink
    this.#own = decoder
    this.#make = options.make ?? makeDecoder
    const { canReadPictures = inBrowser } = options
    this.#picturesFirst = !decoder && downlink === 'auto' && canReadPictures()
  }

  /** What to ask the server for when joining. */
  get firstKind(): FrameDecoder['kind'] {
    return this.#own?.kind ?? (this.#downlink === 'image' || this.#picturesFirst ? 'image' : 'latent')
  }

  /** @throws SoraError of the decoder when there is no other way */
  async take(model: KnownModel): Promise<void> {
    this.#model = model
    const wanted = this.#own ?? this.#make(this.firstKind)
    try {
      await this.#seat(wanted)
      if (this.#picturesFirst) void this.#tryLatent(wanted)
    } catch (error) {
      this.#options.signal.throwIfAborted()
      if (wanted.kind === 'image' || this.#downlink === 'latent') throw error
      await this.#fallBack(toSoraError(error, 'decoder-failed'))
    }
  }

  /** Another decoder, while the world goes on. */
  async change(kind: FrameDecoder['kind']): Promise<void> {
    await this.#seat(this.#make(kind))
    this.#options.askFor(kind)
  }

  /** Takes the place of `pictures` when it runs and is fast enough; nothing is wrong when it is not. Never throws. */
  async #tryLatent(pictures: FrameDecoder): Promise<void> {
    const { pipeline, signal, askFor, report, progress } = this.#options
    const { manifest } = this.#model!
    const decoder = this.#make('latent')
    const chunkMs = chunkDurationMs(manifest)
    try {
      await this.#load(decoder)
    } catch (error) {
      decoder.dispose()
      if (!signal.aborted) report(toSoraError(error, 'decoder-failed'))
      return
    }
    const { warmUpMs = 0 } = decoder
    const isTooSlow = warmUpMs > chunkMs * KEEPS_UP
    if (isTooSlow) progress(slowness(warmUpMs, chunkMs).message)
    // Somebody may have chosen otherwise meanwhile.
    if (isTooSlow || pipeline.decoder !== pictures) return decoder.dispose()
    pipeline.start(manifest, decoder)
    askFor('latent')
  }

  /** The decoder failed again and again. @throws SoraError `decoder-failed` when there is no other way */
  async replace(error: SoraError): Promise<void> {
    const isLast = this.#downlink !== 'auto' || this.#options.pipeline.decoder?.kind === 'image'
    if (isLast) throw new SoraError('decoder-failed', error.message, { cause: error })
    await this.#fallBack(error)
  }

  /** The decoder does not keep up. Where pictures cannot be read either, slow is better than nothing. */
  async relieve(decodeMs: number, chunkMs: number): Promise<void> {
    if (this.#own || this.#downlink !== 'auto' || this.#options.pipeline.decoder?.kind === 'image') return
    try {
      await this.#fallBack(slowness(decodeMs, chunkMs))
    } catch (error) {
      if (toSoraError(error).code !== 'unsupported') throw error
    }
  }

  async #fallBack(reason: SoraError): Promise<void> {
    const trouble = reason.code === 'decoder-slow' ? 'is too slow here' : 'does not run here'
    this.#options.progress(`the decoder ${trouble}: the server will send pictures`)
    await this.#seat(this.#make('image'))
    this.#options.askFor('image')
    this.#options.report(reason)
  }

  /** Loads it, and only then lets the one before go. */
  async #seat(decoder: FrameDecoder): Promise<void> {
    await this.#load(decoder)
    this.#options.pipeline.start(this.#model!.manifest, decoder)
  }

  /** @throws SoraError of the decoder, which is disposed then */
  async #load(decoder: FrameDecoder): Promise<void> {
    const { signal, progress } = this.#options
    const { welcome, manifest, files } = this.#model!
    // Nobody else knows the decoder while it loads.
    const onAbort = () => decoder.dispose()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      const { variant, size } = welcome
      await decoder.load({ manifest, variant, size, files, signal, onProgress: progress })
      signal.throwIfAborted()
    } catch (error) {
      decoder.dispose()
      throw error
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}

function slowness(decodeMs: number, chunkMs: number): SoraError {
  const words = `decoding takes ${Math.round(decodeMs)} ms of each ${Math.round(chunkMs)} here`
  return new SoraError('decoder-slow', `${words}: the server sends pictures instead`)
}

function inBrowser(): boolean {
  return typeof createImageBitmap === 'function' && typeof OffscreenCanvas === 'function'
}

function makeDecoder(kind: FrameDecoder['kind']): FrameDecoder {
  return kind === 'image' ? new ImageDecoder() : new LatentDecoder()
}
