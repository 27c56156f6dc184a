import { type Frame, type ModelManifest, type Pose, requireOutputs, SoraError } from '@sora-world/sdk'
import {
  type BufferGeometry,
  type Camera,
  type Material,
  Matrix4,
  Mesh,
  type Object3DEventMap,
  PlaneGeometry,
  Raycaster,
  ShaderMaterial,
  Vector3,
} from 'three'
import { type DrawingRenderer, DrawMark } from './draw-mark.ts'
import { viewOf } from './follow-pose.ts'
import { newLook, type PortalLook, portalMaterial } from './portal-material.ts'
import { eyeMatrix, standBefore, unscaledInverse } from './portal-placement.ts'
import type { SpaceWorld } from './world-backdrop.ts'
import { WorldDepthTexture } from './world-depth-texture.ts'
import { type PictureFilter, WorldTexture } from './world-texture.ts'

export interface WorldPortalOptions {
  /** The opening: any flat shape in the plane z = 0, seen from +z. A rectangle of `width` x `height` by default. */
  geometry?: BufferGeometry
  width?: number
  height?: number
  /** Height of the scene's floor in the portal's own coordinates; the shape's lower edge by default. */
  floor?: number
  /** Blocks that the generated player stands before the opening: farther shows more, and more that is blurred. */
  eyeDistance?: number
  /** The generated player's, blocks above the ground. */
  eyeHeight?: number
  filter?: PictureFilter
  /** Draws picture and depth as seen from `look`; the portal owns and disposes it. */
  createPortalMaterial?: (texture: WorldTexture, depth: WorldDepthTexture, look: PortalLook) => Material
}

export interface WorldPortalEventMap extends Object3DEventMap {
  /** The camera went in; `local` is the camera's matrix in the portal's own axes. */
  entered: { local: Matrix4 }
  /** It came out again, to the front. */
  left: { local: Matrix4 }
}

/** Blocks that somebody who has just come in stands behind the opening. */
const INSIDE = 0.3
/** Blocks per update: what moves more was put somewhere else, and did not walk. */
const LONGEST_STEP = 1
const START: Pose = Object.freeze({ x: 0, y: 0, z: 0, yaw: 0, pitch: 0 })

const toLocal = /* @__PURE__ */ new Matrix4()
const raycaster = /* @__PURE__ */ new Raycaster()

/**
 * An opening in a scene, through which a generated world is seen, and gone into.
 *
 *     const portal = new WorldPortal({ width: 1.6, height: 2.4 })
 *     portal.setWorld(world)
 *     scene.add(portal)
 *     portal.addEventListener('entered', () => backdrop.setWorld(world))
 *     renderer.setAnimationLoop(() => { portal.update(camera); renderer.render(scene, camera) })
 *
 * The generated player stands still before the opening. What is seen of its picture follows from the scene's camera: each ray
 * is followed through the frame's depth, so near things shift against far ones. What the picture does not show (beyond its
 * edges, behind things) is drawn out from what lies beside it. The model is not steered to match the view: turning costs a
 * small model what it has shown, and comes a chunk late.
 *
 * While the camera is inside (`isInside`), it follows the world's pose: see `followPose` and `WorldBackdrop`.
 * The portal then stands at `placement` in the world; going through it again leaves.
 */
export class WorldPortal extends Mesh<BufferGeometry, Material, WorldPortalEventMap> {
  readonly isWorldPortal = true
  readonly texture: WorldTexture
  readonly depthTexture: WorldDepthTexture
  /** From the portal's own axes to places of the world. */
  readonly placement = new Matrix4()
  /** When somebody before it saw it last, see `WorldAttention`. */
  readonly drawn = new DrawMark()
  eyeDistance: number
  private readonly floor: number
  private readonly eyeHeight: number
  private readonly look: PortalLook
  private readonly toView = new Matrix4()
  private readonly before = new Vector3()
  private readonly now = new Vector3()
  private readonly local = new Matrix4()
  private hasBefore = false
  private inside = false
  private shown: SpaceWorld | null = null
  private frameWorld = -1
  private pose: Pose = START
  private stopListening: (() => void) | undefined

  /** @throws SoraError `option-invalid` */
  constructor(options: WorldPortalOptions = {}) {
    const { width = 1.6, height = 2.4, eyeDistance = 0.8, eyeHeight = 1.62, filter } = options
    for (const [name, value] of Object.entries({ width, height, eyeHeight }))
      if (!(value > 0)) throw new SoraError('option-invalid', `${name} of a portal is ${value}`)
    const { geometry = new PlaneGeometry(width, height), createPortalMaterial = portalMaterial } = options
    const [texture, depth, look] = [new WorldTexture({ filter }), new WorldDepthTexture(), newLook()]
    super(geometry, createPortalMaterial(texture, depth, look))
    this.name = 'WorldPortal'
    this.texture = texture
    this.depthTexture = depth
    this.look = look
    this.eyeDistance = eyeDistance
    this.eyeHeight = eyeHeight
    geometry.computeBoundingBox()
    this.floor = options.floor ?? geometry.boundingBox!.min.y
    // Before the first frame there is nothing to show.
    this.visible = false
  }

  get world(): SpaceWorld | null {
    return this.shown
  }

  get isInside(): boolean {
    return this.inside
  }

  /**
   * Opens to this world from now on; `null` keeps the last picture.
   *
   * @throws SoraError `unsupported` for a world whose model gives no depth or no pose; it still plays on a `WorldScreen`
   */
  setWorld(world: SpaceWorld | null): void {
    if (world) requireOutputs(world.manifest, 'WorldPortal', ['depth', 'pose'])
    this.stopListening?.()
    this.shown = world
    this.inside = false
    this.frameWorld = -1
    if (!world) return
    const show = (frame: Frame) => this.show(frame, world.manifest)
    this.stopListening = world.on('frame', show)
    if (world.frame) show(world.frame)
  }

  /**
   * Once per animation frame: brings the frame that is due, and tells when the camera went through. `camera` is the scene's, or
   * inside the one that follows the world's pose; its `matrixWorld` must be up to date.
   */
  update(camera: Camera): void {
    this.shown?.update()
    if (!this.visible) return
    this.local.multiplyMatrices(this.fromScene(), camera.matrixWorld)
    this.now.setFromMatrixPosition(this.local)
    const direction = this.hasBefore ? this.crossing() : 0
    this.before.copy(this.now)
    this.hasBefore = true
    if (direction < 0 && !this.inside) this.cross(true)
    if (direction > 0 && this.inside) this.cross(false)
  }

  override dispose(): void {
    this.setWorld(null)
    this.removeFromParent()
    for (const part of [this.texture, this.depthTexture, this.material, this.geometry]) part.dispose()
  }

  override onBeforeRender = (renderer: DrawingRenderer, _scene: unknown, camera: Camera): void => {
    const { toEye, viewer } = this.look
    unscaledInverse(toLocal, this.matrixWorld)
    viewer.value.setFromMatrixPosition(camera.matrixWorld).applyMatrix4(toLocal)
    if (viewer.value.z > 0) this.drawn.set(renderer)
    toEye.value.multiplyMatrices(this.toView, this.placement)
    viewer.value.applyMatrix4(toEye.value)
    // Its vertices come with the scale.
    toEye.value.multiply(toLocal.multiply(this.matrixWorld))
    if (this.material instanceof ShaderMaterial) this.material.uniformsNeedUpdate = true
  }

  /** From the space that the camera is in to the portal's own axes. */
  private fromScene(): Matrix4 {
    if (this.inside) return toLocal.copy(this.placement).invert()
    this.updateWorldMatrix(true, false)
    return unscaledInverse(toLocal, this.matrixWorld)
  }

  /** -1: from the front to the back through the opening, 1: the other way, 0: neither. */
  private crossing(): number {
    const { before, now } = this
    if (before.z > 0 === now.z > 0 || before.distanceTo(now) > LONGEST_STEP) return 0
    const [front, back] = before.z > 0 ? [before, now] : [now, before]
    const { ray } = raycaster
    ray.origin.copy(front)
    ray.direction.subVectors(back, front).normalize()
    scaled.geometry = this.geometry
    scaled.material = this.material
    scaled.matrixWorld.multiplyMatrices(unscaledInverse(toLocal, this.matrixWorld), this.matrixWorld)
    const isThrough = raycaster.intersectObject(scaled, false).length > 0
    return isThrough ? (before.z > 0 ? -1 : 1) : 0
  }

  private cross(isInside: boolean): void {
    this.inside = isInside
    this.hasBefore = false
    this.stand()
    this.dispatchEvent({ type: isInside ? 'entered' : 'left', local: this.local.clone() })
  }

  private show(frame: Frame, manifest: ModelManifest): void {
    this.texture.setFrame(frame)
    this.depthTexture.setFrame(frame)
    this.look.nearest.value = largest(frame.inverseDepth)
    this.pose = frame.pose ?? this.pose
    const view = viewOf({ ...frame, pose: this.pose }, manifest)!
    eyeMatrix(this.toView, view)
    this.look.halfSize.value.set(view.halfWidth, view.halfHeight)
    if (frame.world !== this.frameWorld) this.stand()
    this.frameWorld = frame.world
    this.visible = true
  }

  /** Puts the opening where the generated player is: before somebody outside, behind somebody inside. */
  private stand(): void {
    const ahead = this.inside ? -INSIDE : this.eyeDistance
    standBefore(this.placement, this.pose, ahead, this.floor, this.eyeHeight)
  }
}

/** The opening in its own axes, for rays. */
const scaled = /* @__PURE__ */ new Mesh<BufferGeometry, Material>()

/** With some air; 1 where there is no depth. */
function largest(inverseDepth: Float32Array | null): number {
  let most = 0
  for (const value of inverseDepth ?? []) most = Math.max(most, value)
  return most > 0 ? most * 1.05 : 1
}
