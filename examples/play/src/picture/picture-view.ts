import type { WorldTexture } from '@sora-world/three'
import {
  LinearFilter,
  NoBlending,
  ShaderMaterial,
  UnsignedByteType,
  Vector2,
  type WebGLRenderer,
  WebGLRenderTarget,
} from 'three'
import { FullScreenQuad } from 'three/addons/postprocessing/Pass.js'
import type { Settings } from '../settings/settings.ts'
import { ENLARGE_FRAGMENT, FULL_SCREEN_VERTEX, SEAM_FRAGMENT } from './picture-shaders.ts'

const KINDS: Readonly<Record<Settings['filter'], number>> = { clear: 0, soft: 1, pixels: 2 }
/** A decoder knows least where its picture ends: what stands there is left out. */
const EDGE_PIXELS = 1
const viewSize = /* @__PURE__ */ new Vector2()

/** Cells that the decoder draws one by one, each way. */
export interface CellGrid {
  latentWidth: number
  latentHeight: number
}

/**
 * Draws the picture of a world over the whole canvas, enlarged: first the seams between its cells are smoothed at the
 * picture's own size, then it is stretched to the window. Draws only what is new.
 */
export class PictureView {
  readonly #renderer: WebGLRenderer
  readonly #seams = makePass(SEAM_FRAGMENT, { map: null, size: new Vector2(), cell: new Vector2() })
  readonly #enlarge = makePass(ENLARGE_FRAGMENT, {
    map: null,
    size: new Vector2(),
    shown: new Vector2(),
    filterKind: 0,
  })
  readonly #smoothed = new WebGLRenderTarget(1, 1, {
    type: UnsignedByteType,
    minFilter: LinearFilter,
    magFilter: LinearFilter,
    depthBuffer: false,
  })
  #filter: Settings['filter'] = 'clear'
  #drawn = ''

  /** For the life of the page. */
  constructor(renderer: WebGLRenderer) {
    this.#renderer = renderer
  }

  set filter(filter: Settings['filter']) {
    this.#filter = filter
    // Squares stay squares when the browser stretches the canvas.
    this.#renderer.domElement.style.imageRendering = filter === 'pixels' ? 'pixelated' : 'auto'
  }

  draw(texture: WorldTexture, cells: CellGrid): void {
    this.#renderer.getDrawingBufferSize(viewSize)
    const wanted = [texture.id, texture.version, viewSize.x, viewSize.y, this.#filter].join()
    if (wanted === this.#drawn) return
    this.#drawn = wanted
    this.#smooth(texture, cells)
    this.#stretch()
  }

  #smooth(texture: WorldTexture, { latentWidth, latentHeight }: CellGrid): void {
    const { width, height } = texture.image
    if (this.#smoothed.width !== width || this.#smoothed.height !== height) this.#smoothed.setSize(width, height)
    const { map, size, cell } = this.#seams.material.uniforms
    map!.value = texture
    size!.value.set(width, height)
    if (this.#filter === 'clear') cell!.value.set(width / latentWidth, height / latentHeight)
    else cell!.value.set(0, 0)
    this.#renderer.setRenderTarget(this.#smoothed)
    this.#seams.quad.render(this.#renderer)
    this.#renderer.setRenderTarget(null)
  }

  #stretch(): void {
    const { width, height } = this.#smoothed
    const { map, size, shown, filterKind } = this.#enlarge.material.uniforms
    const ratio = width / height / (viewSize.x / viewSize.y)
    map!.value = this.#smoothed.texture
    size!.value.set(width, height)
    // Fills the window: what is too wide or too high is cut off on both sides.
    shown!.value.set(Math.min(1, 1 / ratio), Math.min(1, ratio)).multiplyScalar(1 - (2 * EDGE_PIXELS) / height)
    filterKind!.value = KINDS[this.#filter]
    this.#enlarge.quad.render(this.#renderer)
  }
}

function makePass(fragmentShader: string, values: Record<string, unknown>) {
  const uniforms = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]))
  const material = new ShaderMaterial({
    uniforms: uniforms as ShaderMaterial['uniforms'],
    vertexShader: FULL_SCREEN_VERTEX,
    fragmentShader,
    depthTest: false,
    depthWrite: false,
    blending: NoBlending,
    toneMapped: false,
  })
  return { material, quad: new FullScreenQuad(material) }
}
