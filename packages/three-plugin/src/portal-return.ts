import {
  BackSide,
  Box3,
  type BufferAttribute,
  type BufferGeometry,
  type Camera,
  Float32BufferAttribute,
  HalfFloatType,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  PerspectiveCamera,
  type Scene,
  Vector3,
  WebGLRenderTarget,
} from 'three'
import { unscaledInverse } from './portal-placement.ts'
import type { WorldPortal } from './world-portal.ts'

/** What is used of a renderer: WebGLRenderer and WebGPURenderer both have it. */
export interface SceneRenderer {
  getRenderTarget(): unknown
  setRenderTarget(target: never): void
  render(scene: Scene, camera: Camera): unknown
}

export interface PortalReturnOptions {
  /** Pixels of the picture of the scene. */
  width?: number
  height?: number
}

const NEAREST = 0.02
const FARTHEST = 100
const toHome = /* @__PURE__ */ new Matrix4()
const bounds = /* @__PURE__ */ new Box3()
const scaling = /* @__PURE__ */ new Matrix4()
const seenBy = /* @__PURE__ */ new Matrix4()
const corner = /* @__PURE__ */ new Vector3()
const CORNERS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const
const halfTurn = /* @__PURE__ */ new Matrix4().makeRotationY(Math.PI)

/** A lens whose picture is exactly what an opening shows, and that begins at the opening. */
class OpeningLens extends PerspectiveCamera {
  /** Of the opening at distance `near`, as seen from the camera. */
  private edges: { left: number; right: number; top: number; bottom: number } | undefined

  /** `eye` is the camera's place in the opening's own axes, behind it. */
  fit(eye: Vector3, { min, max }: Box3): void {
    // From behind, the opening's right is left.
    this.edges = { left: eye.x - max.x, right: eye.x - min.x, top: max.y - eye.y, bottom: min.y - eye.y }
    this.near = -eye.z
    this.far = this.near + FARTHEST
    this.updateProjectionMatrix()
  }

  /** Renderers call it, too, when their depth goes another way. */
  override updateProjectionMatrix(): void {
    // Also called by the constructor of the class above.
    if (!this.edges) {
      super.updateProjectionMatrix()
      return
    }
    const { left, right, top, bottom } = this.edges
    const { near, far, coordinateSystem, reversedDepth } = this
    this.projectionMatrix.makePerspective(left, right, top, bottom, near, far, coordinateSystem, reversedDepth)
    this.projectionMatrixInverse.copy(this.projectionMatrix).invert()
  }
}

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
  private readonly lens = new OpeningLens()
  private readonly eye = new Vector3()

  constructor(portal: WorldPortal, { width = 256, height = 384 }: PortalReturnOptions = {}) {
    const target = new WebGLRenderTarget(width, height, { type: HalfFloatType })
    super(
      seenFromBehind(portal.geometry),
      new MeshBasicMaterial({ map: target.texture, side: BackSide, fog: false, toneMapped: false }),
    )
    this.name = 'PortalReturn'
    this.portal = portal
    this.target = target
    this.matrixAutoUpdate = false
  }

  /** Draws the scene as `camera`, which is inside, sees it through the opening. */
  look(renderer: SceneRenderer, scene: Scene, camera: Camera): void {
    const { portal, lens, eye, target } = this
    portal.updateWorldMatrix(true, false)
    // The scene's size of the opening, at its place in the world.
    this.matrix.multiplyMatrices(portal.placement, scaleOf(portal))
    this.matrixWorldNeedsUpdate = true
    eye.setFromMatrixPosition(camera.matrixWorld).applyMatrix4(toHome.copy(portal.placement).invert())
    // Somebody before it, or in it, does not see its back, nor does who has it behind them.
    if (eye.z > -NEAREST || this.isBehind(camera)) return
    unscaledInverse(toHome, portal.matrixWorld).invert()
    lens.position.copy(eye).applyMatrix4(toHome)
    lens.quaternion.setFromRotationMatrix(toHome.multiply(halfTurn))
    lens.updateMatrixWorld()
    lens.fit(eye, bounds.copy(this.geometry.boundingBox!).applyMatrix4(scaleOf(portal)))
    const before = renderer.getRenderTarget()
    renderer.setRenderTarget(target as never)
    renderer.render(scene, lens)
    renderer.setRenderTarget(before as never)
  }

  /** No corner of the opening is before the camera. */
  private isBehind({ matrixWorld }: Camera): boolean {
    this.updateWorldMatrix(true, false)
    const toCamera = seenBy.copy(matrixWorld).invert().multiply(this.matrixWorld)
    const { min, max } = this.geometry.boundingBox!
    return CORNERS.every(
      ([x, y]) => corner.set(x ? max.x : min.x, y ? max.y : min.y, 0).applyMatrix4(toCamera).z > -NEAREST,
    )
  }

  override dispose(): void {
    this.removeFromParent()
    this.target.dispose()
    this.geometry.dispose()
    ;(this.material as MeshBasicMaterial).dispose()
  }
}

/** The shape with the picture's places as texture coordinates. */
function seenFromBehind(shape: BufferGeometry): BufferGeometry {
  const geometry = shape.clone()
  geometry.computeBoundingBox()
  const { min, max } = geometry.boundingBox!
  const { position } = geometry.attributes as { position: BufferAttribute }
  const places = Array.from({ length: position.count }, (_, i) => [
    (max.x - position.getX(i)) / (max.x - min.x),
    (position.getY(i) - min.y) / (max.y - min.y),
  ])
  return geometry.setAttribute('uv', new Float32BufferAttribute(places.flat(), 2))
}

/** From the opening's vertices to its own axes in units of the scene. */
function scaleOf({ matrixWorld }: WorldPortal): Matrix4 {
  return unscaledInverse(scaling, matrixWorld).multiply(matrixWorld)
}
