import type { Clock } from '../clock.ts'
import type { FrameDecoder } from '../decode/frame-decoder.ts'
import { type ModelManifest, type SoraError, toSoraError } from '../protocol/index.ts'
import { type Chunk, ChunkAssembler } from '../stream/chunk-assembler.ts'
import { type Frame, makeFrames } from '../stream/frame.ts'
import { FramePacer } from '../stream/frame-pacer.ts'
import { PoseTrack } from '../stream/pose-track.ts'
import type { StreamStats } from '../stream/stream-stats.ts'

/** Chunks kept while the decoder still loads: enough for its state to settle, decoded in one go then. */
const KEPT_BEFORE_START = 4
/** Chunks that may wait for the decoder; with more it is too slow, and only the newest is worth decoding. */
const BACKLOG = 3
const FAILURES_TO_GIVE_UP = 3
/** So many chunks in a row that took longer to decode than they last: the decoder will not keep up. */
const SLOW_TO_GIVE_UP = 10

export interface ChunkPipelineOptions {
  clock: Clock
  stats: StreamStats
  onChunk?(chunk: Chunk): void
  /** Frames wait to be shown. */
  onFrames?(): void
  onError(error: SoraError): void
  /** The decoder failed several times in a row: it will not recover. */
  onDecoderLost?(error: SoraError): void
  /** Decoding takes longer than what is decoded lasts, chunk after chunk. Told once for each decoder. */
  onDecoderSlow?(decodeMs: number, chunkMs: number): void
}

/** Packet bytes in, frames at their time out: assembler, decoder, pose and pacer in a row. */
export class ChunkPipeline {
  readonly #options: ChunkPipelineOptions
  readonly #assembler = new ChunkAssembler()
  #queue: Chunk[] = []
  #decoder: FrameDecoder | null = null
  /** The one before it, of the other kind: chunks for it are still under way. */
  #leaving: FrameDecoder | null = null
  #pacer = new FramePacer<Frame>({ frameMs: 50 })
  #poses: PoseTrack | null = null
  #world = -1
  #isDecoding = false
  #isDisposed = false
  #failures = 0
  #frameMs = 50
  #slowChunks = 0

  constructor(options: ChunkPipelineOptions) {
    this.#options = options
  }

  /** When the next frame is due on the pacer's time line; null when none waits. */
  get nextDueMs(): number | null {
    return this.#pacer.nextDueMs
  }

  get decoder(): FrameDecoder | null {
    return this.#decoder
  }

  /**
   * From here on chunks are decoded, those first that came before. Also takes the place of an earlier decoder, which is
   * disposed when nothing comes for it any more.
   */
  start(manifest: ModelManifest, decoder: FrameDecoder): void {
    this.#leaving?.dispose()
    this.#leaving = this.#decoder
    if (this.#decoder?.kind === decoder.kind) this.#dismiss()
    this.#poses ??= new PoseTrack(manifest)
    this.#frameMs = 1000 / manifest.frames.perSecond
    if (!this.#decoder) this.#pacer = new FramePacer({ frameMs: this.#frameMs })
    this.#decoder = decoder
    this.#failures = 0
    this.#slowChunks = 0
    this.#assembler.expectRestart()
    void this.#pump()
  }

  /** `bytes` are copied. */
  packet(bytes: Uint8Array): void {
    const { stats, clock, onError, onChunk } = this.#options
    const nowMs = clock.now()
    stats.packet(bytes.length, nowMs)
    const outcome = this.#assembler.push(bytes)
    if (outcome.kind === 'invalid') {
      stats.count('invalidPackets')
      onError(outcome.error)
    } else if (outcome.kind === 'chunk') {
      stats.count('missedChunks', outcome.missed)
      stats.chunk(outcome.chunk.header, nowMs)
      onChunk?.(outcome.chunk)
      this.#enqueue(outcome.chunk)
      void this.#pump()
    } else stats.count('duplicates')
  }

  /** The frame to show now, or null to leave the one that is there. The caller releases it. */
  next(nowMs: number): Frame | null {
    const decision = this.#pacer.next(nowMs)
    if (decision.kind === 'hold') {
      if (decision.starved) this.#options.stats.count('holds')
      return null
    }
    this.#drop(decision.dropped)
    return decision.frame
  }

  /** At a pause or a gap in the connection: what waits is shown, what comes later is a new start in time. */
  interrupt(): void {
    this.#pacer.rest()
    this.#options.stats.interrupt()
  }

  dispose(): void {
    this.#isDisposed = true
    this.#queue = []
    release(this.#pacer.clear())
    this.#dismiss()
    this.#decoder?.dispose()
  }

  #dismiss(): void {
    this.#leaving?.dispose()
    this.#leaving = null
  }

  #enqueue(chunk: Chunk): void {
    // A new world makes everything of the old one worthless.
    if (this.#queue[0] && this.#queue[0].world !== chunk.world) this.#queue = []
    this.#queue.push(chunk)
    const limit = this.#decoder ? BACKLOG : KEPT_BEFORE_START
    if (this.#queue.length <= limit || chunk.header.catchUp) return
    const kept = this.#queue.slice(this.#decoder ? -1 : -limit)
    if (this.#decoder) this.#options.stats.count('missedChunks', this.#queue.length - kept.length)
    kept[0]!.restart = true
    this.#queue = kept
  }

  async #pump(): Promise<void> {
    if (this.#isDecoding) return
    this.#isDecoding = true
    while (this.#decoder && this.#queue.length > 0) await this.#decodeNext(this.#queue.shift()!)
    this.#isDecoding = false
  }

  async #decodeNext(chunk: Chunk): Promise<void> {
    const decoder = [this.#decoder, this.#leaving].find((each) => each?.kind === chunk.kind)
    if (!decoder) return
    try {
      const { pictures, decodeMs } = await decoder.decode(chunk)
      this.#options.stats.decoded(decodeMs)
      if (decoder === this.#decoder) {
        this.#dismiss()
        this.#failures = 0
        this.#watchSpeed(decodeMs, chunk.header.frames * this.#frameMs)
      }
      const frames = makeFrames(chunk.header, pictures, this.#follow(chunk))
      if (this.#isDisposed) release(frames)
      else this.#present(chunk, frames)
    } catch (error) {
      // A decoder that was sent away rejects what it still had.
      if (decoder === this.#decoder) this.#failed(toSoraError(error, 'decoder-failed'))
    }
  }

  #watchSpeed(decodeMs: number, chunkMs: number): void {
    this.#slowChunks = decodeMs > chunkMs ? this.#slowChunks + 1 : 0
    if (this.#slowChunks === SLOW_TO_GIVE_UP) this.#options.onDecoderSlow?.(decodeMs, chunkMs)
  }

  #follow(chunk: Chunk) {
    if (chunk.world !== this.#world) this.#poses?.reset()
    return this.#poses?.follow(chunk.header) ?? null
  }

  #present(chunk: Chunk, frames: Frame[]): void {
    const nowMs = this.#options.clock.now()
    const isNewWorld = chunk.world !== this.#world
    this.#world = chunk.world
    const isBehind = chunk.header.catchUp || this.#queue.length > 1
    if (isNewWorld || isBehind) release(this.#pacer.clear())
    // Catching up: only where the world is now matters, not how it came there.
    if (isBehind) release(frames.splice(0, frames.length - 1))
    this.#drop(this.#pacer.arrive(frames, nowMs))
    this.#options.onFrames?.()
  }

  #failed(error: SoraError): void {
    if (this.#isDisposed) return
    this.#failures++
    // The state of the decoder is unknown now: the next chunk starts anew.
    this.#assembler.expectRestart()
    if (this.#queue[0]) this.#queue[0].restart = true
    this.#options.onError(error)
    if (this.#failures === FAILURES_TO_GIVE_UP) this.#options.onDecoderLost?.(error)
  }

  #drop(frames: readonly Frame[]): void {
    if (frames.length > 0) this.#options.stats.count('drops', frames.length)
    release(frames)
  }
}

function release(frames: readonly Frame[]): void {
  for (const frame of frames) frame.release()
}
