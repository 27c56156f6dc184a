import {
  BackSide,
  type Camera,
  HalfFloatType,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  PerspectiveCamera,
  RepeatWrapping,
  type Scene,
  Vector3,
  WebGLRenderTarget,
} from 'three'
import { frameCorners } from 'three/addons/utils/CameraUtils.js'
import { unscaledInverse } from './portal-placement.ts'
import type { WorldPortal } from './world-portal.ts'

/** What is used of a renderer: WebGLRenderer and WebGPURenderer both have it. */
export interface SceneRenderer {
  setRenderTarget(target: WebGLRenderTarget | null): void
  render(scene: Scene, camera: Camera): unknown
}

export interface PortalReturnOptions {
  /** Pixels of the picture of the scene. */
  width?: number
  height?: number
}

const NEAREST = 0.02
const corner = /* @__PURE__ */ new Vector3()
const right = /* @__PURE__ */ new Vector3()
const above = /* @__PURE__ */ new Vector3()
const toHome = /* @__PURE__ */ new Matrix4()

/**
 * The way back: stands where a portal stands in the world that was gone into, and shows the scene that one came from.
 *
 *     const back = new PortalReturn(portal)
 *     worldScene.add(backdrop, back)
 *     back.look(renderer, scene, camera) // inside, before each rendering of worldScene
 *
 * The scene is drawn once more for it, with a lens that fits the opening exactly. A scene that is drawn this way must not
 * contain what shows the world all around, as a backdrop does.
 */
export class PortalReturn extends Mesh {
  readonly isPortalReturn = true
  private readonly portal: WorldPortal
  private readonly target: WebGLRenderTarget
  private readonly lens = new PerspectiveCamera(60, 1, NEAREST, 100)

  constructor(portal: WorldPortal, { width = 256, height = 384 }: PortalReturnOptions = {}) {
    const target = new WebGLRenderTarget(width, height, { type: HalfFloatType })
    // It is seen from behind.
    target.texture.wrapS = RepeatWrapping
    target.texture.repeat.x = -1
    target.texture.offset.x = 1
    super(
      portal.geometry,
      new MeshBasicMaterial({ map: target.texture, side: BackSide, fog: false, toneMapped: false }),
    )
    this.name = 'PortalReturn'
    this.portal = portal
    this.target = target
    this.matrixAutoUpdate = false
  }

  /** Draws the scene as `camera`, which is inside, sees it through the opening. */
  look(renderer: SceneRenderer, scene: Scene, camera: Camera): void {
    const { portal, lens, target } = this
    portal.updateWorldMatrix(true, false)
    // The scene's size of the opening, at its place in the world.
    unscaledInverse(toHome, portal.matrixWorld).multiply(portal.matrixWorld)
    this.matrix.multiplyMatrices(portal.placement, toHome)
    this.matrixWorldNeedsUpdate = true
    lens.position.setFromMatrixPosition(camera.matrixWorld).applyMatrix4(toHome.copy(portal.placement).invert())
    const behind = -lens.position.z
    if (behind <= NEAREST) return
    lens.near = behind
    lens.far = behind + 100
    lens.position.applyMatrix4(unscaledInverse(toHome, portal.matrixWorld).invert())
    this.fit()
    renderer.setRenderTarget(target)
    renderer.render(scene, lens)
    renderer.setRenderTarget(null)
  }

  override dispose(): void {
    this.removeFromParent()
    this.target.dispose()
    ;(this.material as MeshBasicMaterial).dispose()
  }

  /** From behind, the opening's right is left. */
  private fit(): void {
    const { min, max } = this.geometry.boundingBox!
    const { matrixWorld } = this.portal
    corner.set(max.x, min.y, 0).applyMatrix4(matrixWorld)
    right.set(min.x, min.y, 0).applyMatrix4(matrixWorld)
    above.set(max.x, max.y, 0).applyMatrix4(matrixWorld)
    frameCorners(this.lens, corner, right, above)
    this.lens.updateMatrixWorld()
  }
}
