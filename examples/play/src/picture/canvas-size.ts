import type { WebGLRenderer } from 'three'
import type { Settings } from '../settings/settings.ts'

/** Canvas lines per picture line where the processor draws. */
const LOW_OVERSAMPLING = 2
/** A clip is watched elsewhere: finer than what is just enough for this window. */
const RECORDING_OVERSAMPLING = 4
/** More lines than this are not seen in a picture that is made of 80 to 144. */
const MOST_LINES = 1080
/** Until a world says how high its pictures are. */
const FIRST_PICTURE_HEIGHT = 80

/**
 * Keeps the canvas in the shape of the window: as fine as the window with a graphics card, else only a little finer than the
 * picture, and the style sheet stretches it.
 *
 * Without a graphics card every pixel of WebGL is worked out and copied by the processor that the model needs: at
 * 1280 x 760 that left 13 of 20 frames a second (headless Chromium, 2 cores), at twice the picture all 20.
 */
export class CanvasSize {
  readonly #renderer: WebGLRenderer
  readonly #isSlow: boolean
  #resolution: Settings['resolution'] = 'auto'
  #pictureHeight = FIRST_PICTURE_HEIGHT
  #isRecording = false

  /** For the life of the page. */
  constructor(renderer: WebGLRenderer) {
    this.#renderer = renderer
    this.#isSlow = isDrawnByProcessor(renderer)
    window.addEventListener('resize', () => this.#fit())
    this.#fit()
  }

  set pictureHeight(pixels: number) {
    this.#pictureHeight = pixels
    this.#fit()
  }

  set resolution(resolution: Settings['resolution']) {
    this.#resolution = resolution
    this.#fit()
  }

  set isRecording(isRecording: boolean) {
    this.#isRecording = isRecording
    this.#fit()
  }

  #fit(): void {
    const { innerWidth, innerHeight } = window
    if (innerHeight === 0) return
    const lines = Math.min(this.#lines(), MOST_LINES)
    // Even numbers: encoders of clips want them.
    const even = (length: number) => Math.max(2, Math.round(length / 2) * 2)
    this.#renderer.setSize(even((lines * innerWidth) / innerHeight), even(lines), false)
  }

  #lines(): number {
    const isLow = this.#resolution === 'low' || (this.#resolution === 'auto' && this.#isSlow)
    if (!isLow) return window.innerHeight * devicePixelRatio
    return Math.max(1, this.#isRecording ? RECORDING_OVERSAMPLING : LOW_OVERSAMPLING) * this.#pictureHeight
  }
}

function isDrawnByProcessor(renderer: WebGLRenderer): boolean {
  const gl = renderer.getContext()
  const info = gl.getExtension('WEBGL_debug_renderer_info')
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER))
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name)
}
