import type { Frame, WorldClient } from '@sora-world/sdk'
import { type Camera, type Material, Mesh, MeshBasicMaterial, PlaneGeometry, type Scene } from 'three'
import { type DrawingRenderer, DrawMark } from './draw-mark.ts'
import { type PictureFit, placeInWindow } from './window-placement.ts'
import { type PictureFilter, WorldTexture } from './world-texture.ts'

/** What a screen needs of a world: its frames, and a clock tick to know which one is due. */
export type ScreenWorld = Pick<WorldClient, 'on' | 'update'> & Partial<Pick<WorldClient, 'frame'>>

export interface WorldScreenOptions {
  /** `window` fills the view of whatever camera looks, behind everything else; `quad` is a thing in the scene. */
  mode?: 'window' | 'quad'
  /** Window mode: what to do with a picture of another shape than the view. */
  fit?: PictureFit
  /** Quad mode: height in scene units; the width follows from the picture. */
  height?: number
  filter?: PictureFilter
  /** Draws the texture given to it; the screen owns and disposes it. A material that WebGLRenderer knows by default. */
  createMaterial?: (texture: WorldTexture) => Material
}

/**
 * A live picture of a generated world, as an Object3D.
 *
 *     const screen = new WorldScreen({ mode: 'quad', height: 2 })
 *     screen.setWorld(world)
 *     scene.add(screen)
 *     renderer.setAnimationLoop(() => { screen.update(); renderer.render(scene, camera) })
 *
 * The world stays the caller's: `dispose()` lets go of it and frees what is on the GPU, nothing more.
 */
export class WorldScreen extends Mesh<PlaneGeometry, Material> {
  readonly isWorldScreen = true
  readonly texture: WorldTexture
  readonly mode: 'window' | 'quad'
  fit: PictureFit
  private readonly quadHeight: number
  private pictureAspect = 0
  /** When it was drawn last, see `WorldAttention`. */
  readonly drawn = new DrawMark()
  private shown: ScreenWorld | null = null
  private stopListening: (() => void) | undefined

  constructor(options: WorldScreenOptions = {}) {
    const { mode = 'window', fit = 'cover', height = 1, filter, createMaterial = basicMaterial } = options
    const texture = new WorldTexture({ filter })
    const material = createMaterial(texture)
    super(new PlaneGeometry(2, 2), material)
    this.name = 'WorldScreen'
    this.texture = texture
    this.mode = mode
    this.fit = fit
    this.quadHeight = height
    // Before the first frame there is nothing to show.
    this.visible = false
    if (mode === 'window') this.drawBehindEverything()
    else this.scale.set(height / 2, height / 2, 1)
  }

  get world(): ScreenWorld | null {
    return this.shown
  }

  /** Shows the frames of this world from now on; `null` keeps the last picture. */
  setWorld(world: ScreenWorld | null): void {
    this.stopListening?.()
    this.shown = world
    this.stopListening = world?.on('frame', this.onFrame)
    // A world that is played already need not make another frame first.
    if (world?.frame) this.onFrame(world.frame)
  }

  /** Once per animation frame: lets the world bring the frame that is due, by the world's own clock. */
  update(): void {
    this.shown?.update()
  }

  override dispose(): void {
    this.setWorld(null)
    this.removeFromParent()
    this.texture.dispose()
    this.material.dispose()
    this.geometry.dispose()
  }

  override onBeforeRender = (renderer: DrawingRenderer, _scene: Scene, camera: Camera): void => {
    this.drawn.set(renderer)
    if (this.mode === 'window') placeInWindow(this, camera, this.fit, this.pictureAspect)
  }

  private readonly onFrame = (frame: Frame): void => {
    this.texture.setFrame(frame)
    this.visible = true
    const aspect = frame.width / frame.height
    if (aspect === this.pictureAspect) return
    this.pictureAspect = aspect
    if (this.mode === 'quad') this.scale.x = (this.quadHeight * aspect) / 2
  }

  private drawBehindEverything(): void {
    this.frustumCulled = false
    this.matrixAutoUpdate = false
    this.renderOrder = Number.NEGATIVE_INFINITY
    this.material.depthTest = false
    this.material.depthWrite = false
  }
}

function basicMaterial(texture: WorldTexture): Material {
  return new MeshBasicMaterial({ map: texture, fog: false, toneMapped: false })
}
