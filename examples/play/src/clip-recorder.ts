import { SoraError } from '@sora-world/sdk'

/** Longer clips are better cut by people, and the browser keeps all of it in memory. */
export const LONGEST_CLIP_SECONDS = 60
const TICK_MS = 250
const BITS_PER_SECOND = 4_000_000
/** What plays everywhere comes first; browsers differ in what they can write. */
const KINDS = ['video/mp4;codecs=avc1.42E01E', 'video/webm;codecs=vp8', 'video/webm', 'video/mp4'] as const

export interface Clip {
  video: Blob
  seconds: number
  /** `mp4` or `webm` */
  ending: string
}

export interface ClipRecorderOptions {
  /** While it runs, a few times a second; null when it has ended. */
  onTime(seconds: number | null): void
  onClip(clip: Clip): void
}

/** Records what a canvas shows, until `stop` or for {@link LONGEST_CLIP_SECONDS}. */
export class ClipRecorder {
  readonly #canvas: HTMLCanvasElement
  readonly #options: ClipRecorderOptions
  #recorder: MediaRecorder | null = null
  #ticker: ReturnType<typeof setInterval> | undefined
  #startedMs = 0

  constructor(canvas: HTMLCanvasElement, options: ClipRecorderOptions) {
    this.#canvas = canvas
    this.#options = options
  }

  get isRunning(): boolean {
    return this.#recorder !== null
  }

  /** @throws SoraError `unsupported` in words where the browser cannot record */
  start(): void {
    if (this.isRunning) return
    const recorder = this.#makeRecorder()
    const parts: Blob[] = []
    recorder.ondataavailable = ({ data }) => data.size > 0 && parts.push(data)
    recorder.onstop = () => this.#finish(recorder, parts)
    // In pieces: a tab that dies loses the clip either way, but a stop need not wait for one large piece.
    recorder.start(1000)
    this.#recorder = recorder
    this.#startedMs = performance.now()
    this.#ticker = setInterval(() => this.#tick(), TICK_MS)
    this.#options.onTime(0)
  }

  /** The clip comes by `onClip`, a moment later. */
  stop(): void {
    if (this.#recorder?.state === 'recording') this.#recorder.stop()
  }

  #makeRecorder(): MediaRecorder {
    const mimeType =
      typeof MediaRecorder === 'undefined' ? undefined : KINDS.find((kind) => MediaRecorder.isTypeSupported(kind))
    if (!mimeType || !this.#canvas.captureStream)
      throw new SoraError('unsupported', 'This browser cannot record. A recent Chrome, Firefox or Safari can.')
    try {
      return new MediaRecorder(this.#canvas.captureStream(), { mimeType, videoBitsPerSecond: BITS_PER_SECOND })
    } catch (cause) {
      throw new SoraError('unsupported', 'The browser refused to record this picture.', { cause })
    }
  }

  #seconds(): number {
    return (performance.now() - this.#startedMs) / 1000
  }

  #tick(): void {
    const seconds = this.#seconds()
    this.#options.onTime(Math.min(seconds, LONGEST_CLIP_SECONDS))
    if (seconds >= LONGEST_CLIP_SECONDS) this.stop()
  }

  #finish(recorder: MediaRecorder, parts: Blob[]): void {
    clearInterval(this.#ticker)
    for (const track of recorder.stream.getTracks()) track.stop()
    this.#recorder = null
    this.#options.onTime(null)
    const [type = ''] = recorder.mimeType.split(';')
    const ending = type.endsWith('mp4') ? 'mp4' : 'webm'
    const clip = { video: new Blob(parts, { type }), seconds: this.#seconds(), ending }
    if (clip.video.size > 0) this.#options.onClip(clip)
  }
}
