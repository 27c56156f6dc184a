import type { WebGLRenderer } from 'three'

/** Canvas pixels per picture pixel, each way. More would add nothing that the browser's own scaling does not. */
const OVERSAMPLING = 2
/** Until a world says how high its pictures are. */
const FIRST_PICTURE_HEIGHT = 80

/**
 * Keeps the canvas in the shape of the window but only a little finer than the picture; the style sheet stretches it.
 *
 * Without a graphics card every pixel of WebGL is worked out and copied by the processor that the model needs: at
 * 1280 x 760 that left 13 of 20 frames a second (headless Chromium, 2 cores), at this size all 20.
 */
export class CanvasSize {
  readonly #renderer: WebGLRenderer
  #pictureHeight = FIRST_PICTURE_HEIGHT

  /** For the life of the page. */
  constructor(renderer: WebGLRenderer) {
    this.#renderer = renderer
    window.addEventListener('resize', () => this.#fit())
    this.#fit()
  }

  setPictureHeight(pixels: number): void {
    this.#pictureHeight = pixels
    this.#fit()
  }

  #fit(): void {
    const { innerWidth, innerHeight } = window
    const height = Math.min(innerHeight, this.#pictureHeight * OVERSAMPLING)
    this.#renderer.setSize(Math.round((height * innerWidth) / innerHeight), height, false)
  }
}
