import { type Frame, requireOutputs, unproject } from '@sora-world/sdk'
import { Object3D, type Vector3 } from 'three'
import { viewOf } from './follow-pose.ts'
import type { SpaceWorld } from './world-backdrop.ts'

/**
 * A place in a generated world; what is added to it stays there while the player walks, looks away and comes back.
 *
 * The scene's camera must follow the player, see `followPose`. The place is as good as the pose that the model tells: its
 * drift is the anchor's. With another world it becomes invisible, until it is placed anew.
 */
export class WorldAnchor extends Object3D {
  readonly isWorldAnchor = true
  private readonly manifest
  private readonly stopListening: () => void
  private frame: Frame | null = null
  /** World that the place is in. */
  private home = -1

  /** @throws SoraError `unsupported` for a world whose model gives no depth or no pose */
  constructor(world: SpaceWorld) {
    requireOutputs(world.manifest, 'WorldAnchor', ['depth', 'pose'])
    super()
    this.name = 'WorldAnchor'
    this.visible = false
    this.manifest = world.manifest
    this.stopListening = world.on('frame', this.onFrame)
  }

  /** Puts the anchor at a place of the world that is shown, in blocks. False before the first frame. */
  placeAt(place: Vector3): boolean {
    if (!this.frame) return false
    this.position.copy(place)
    this.home = this.frame.world
    this.visible = true
    return true
  }

  /**
   * Puts the anchor on what is seen in the frame shown, `u` and `v` from 0 to 1 from the left and from the top. False where
   * there is sky, or no frame with depth and pose. An anchor that was just made has seen no frame: give it `world.frame`.
   */
  placeOnPicture(u: number, v: number, frame: Frame | null = this.frame): boolean {
    this.frame = frame
    const view = frame && viewOf(frame, this.manifest)
    const depth = frame ? depthAt(frame, u, v) : 0
    if (!view || depth === 0) return false
    return this.placeAt(this.position.clone().set(...unproject(view, u, v, depth)))
  }

  /** Lets go of the world and leaves the scene; what was added to it stays the caller's. */
  override dispose(): void {
    this.stopListening()
    this.frame = null
    this.removeFromParent()
  }

  private readonly onFrame = (frame: Frame): void => {
    this.frame = frame
    this.visible = frame.world === this.home
  }
}

/** z-depth in blocks of the sample there; 0 for sky. */
function depthAt({ inverseDepth, depthWidth, depthHeight }: Frame, u: number, v: number): number {
  if (!inverseDepth || u < 0 || v < 0 || u >= 1 || v >= 1) return 0
  const inverse = inverseDepth[Math.floor(v * depthHeight) * depthWidth + Math.floor(u * depthWidth)]!
  return inverse > 0 ? 1 / inverse : 0
}
