import type { Clock } from '../clock.ts'
import type { Frame } from '../stream/frame.ts'
import type { StreamStats } from '../stream/stream-stats.ts'
import type { ChunkPipeline } from './chunk-pipeline.ts'

export interface FrameShowOptions {
  clock: Clock
  stats: StreamStats
  pipeline: ChunkPipeline
  /** Name of this client, to know its own actions in a frame. */
  me(): string
  onFrame(frame: Frame): void
}

/** Brings frames to the listeners at their time: driven from outside once per refresh, or else by a timer of its own. */
export class FrameShow {
  readonly #options: FrameShowOptions
  #frame: Frame | null = null
  #isDriven = false
  #timer: unknown = null

  constructor(options: FrameShowOptions) {
    this.#options = options
  }

  get frame(): Frame | null {
    return this.#frame
  }

  /** One display refresh. From the first call on, the own timer rests. */
  update(nowMs: number): Frame | null {
    this.#isDriven = true
    this.#stopTimer()
    return this.#show(nowMs)
  }

  /** Frames have come: without a driver, show them when they are due. */
  arm(): void {
    const { clock, pipeline } = this.#options
    const dueMs = pipeline.nextDueMs
    if (this.#isDriven || this.#timer !== null || dueMs === null) return
    this.#timer = clock.setTimeout(
      () => {
        this.#timer = null
        this.#show(clock.now())
        this.arm()
      },
      Math.max(0, dueMs - clock.now()),
    )
  }

  stop(): void {
    this.#stopTimer()
    // Not released: whoever shows the last frame goes on showing it.
    this.#frame = null
  }

  #show(nowMs: number): Frame | null {
    const { pipeline, stats, me, onFrame } = this.#options
    const frame = pipeline.next(nowMs)
    if (!frame) return null
    const before = this.#frame
    this.#frame = frame
    stats.shown(nowMs, frame.driver === me() ? frame.actionSeq : null)
    onFrame(frame)
    before?.release()
    return frame
  }

  #stopTimer(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#timer = null
  }
}
