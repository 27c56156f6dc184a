import { toSoraError } from '@sora-world/sdk'
import { type Clip, ClipRecorder, LONGEST_CLIP_SECONDS } from './clip-recorder.ts'
import { download, fileNameOf } from './download.ts'
import { element } from './element.ts'
import type { Toast } from './toast.ts'

export interface ClipButtonOptions {
  canvas: HTMLCanvasElement
  toast: Toast
  /** Words for the file's name. */
  title(): string
  /** A clip may be drawn finer than the page needs. */
  onRecording(isRunning: boolean): void
}

/** The button and the clock of a recording; what was recorded becomes a download. */
export class ClipButton {
  readonly #options: ClipButtonOptions
  readonly #recorder: ClipRecorder
  readonly #button = element<HTMLButtonElement>('record')
  readonly #time = element('clip-time')

  constructor(options: ClipButtonOptions) {
    this.#options = options
    this.#recorder = new ClipRecorder(options.canvas, {
      onTime: (seconds) => this.#show(seconds),
      onClip: (clip) => this.#keep(clip),
    })
    this.#button.addEventListener('click', () => this.toggle())
  }

  toggle(): void {
    if (this.#recorder.isRunning) {
      this.stop()
      return
    }
    try {
      this.#options.onRecording(true)
      this.#recorder.start()
    } catch (thrown) {
      this.#options.onRecording(false)
      this.#options.toast.say(toSoraError(thrown).message)
    }
  }

  /** Ends the clip, if there is one, and keeps it. */
  stop(): void {
    this.#recorder.stop()
  }

  #show(seconds: number | null): void {
    this.#button.setAttribute('aria-pressed', String(seconds !== null))
    this.#button.setAttribute('aria-label', seconds === null ? 'Record a clip' : 'End the clip')
    this.#time.hidden = seconds === null
    if (seconds === null) this.#options.onRecording(false)
    else this.#time.textContent = `${clock(seconds)} of ${clock(LONGEST_CLIP_SECONDS)}`
  }

  #keep({ video, seconds, ending }: Clip): void {
    download(video, `${fileNameOf(this.#options.title())}.${ending}`)
    this.#options.toast.say(`A clip of ${Math.round(seconds)} s is in your downloads`)
  }
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
