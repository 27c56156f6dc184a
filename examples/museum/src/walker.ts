import { MathUtils, type Object3D, type PerspectiveCamera, Vector3 } from 'three'
import type { Hands } from './hands.ts'
import { OPENING, PANEL, ROOM } from './room.ts'

/** Blocks per second, and above the floor. */
const SPEED = 2.6
export const EYE = 1.62
/** Somebody's half width. */
const BODY = 0.3

const UP = new Vector3(0, 1, 0)

/** Somebody who walks in the room, round its walls, and into openings from their front. */
export class Walker {
  readonly camera: PerspectiveCamera
  readonly #panels: readonly Object3D[]
  /** Degrees; 0 looks along -z, right and down are positive. */
  yaw = 0
  pitch = 0

  constructor(camera: PerspectiveCamera, panels: readonly Object3D[]) {
    this.camera = camera
    this.#panels = panels
  }

  /** Looks the way the camera does. */
  takeOver(): void {
    const forward = this.camera.getWorldDirection(new Vector3())
    this.yaw = MathUtils.radToDeg(Math.atan2(forward.x, -forward.z))
    this.pitch = 0
    this.camera.position.y = EYE
  }

  update(hands: Hands, seconds: number): void {
    const { yaw, pitch } = hands.takeTurn()
    this.yaw += yaw
    this.pitch = MathUtils.clamp(this.pitch + pitch, -80, 80)
    const { forward, back, left, right } = hands.held
    const step = new Vector3(Number(right) - Number(left), 0, Number(back) - Number(forward))
    step.normalize().multiplyScalar(SPEED * seconds)
    step.applyAxisAngle(UP, MathUtils.degToRad(-this.yaw))
    const { position, rotation } = this.camera
    // Along each axis by itself: walls are slid along.
    this.#tryStep(new Vector3(step.x, 0, 0))
    this.#tryStep(new Vector3(0, 0, step.z))
    rotation.set(MathUtils.degToRad(-this.pitch), MathUtils.degToRad(-this.yaw), 0, 'YXZ')
    position.y = EYE
    this.camera.updateMatrixWorld()
  }

  #tryStep(step: Vector3): void {
    const { position } = this.camera
    const next = position.clone().add(step)
    const isOut = Math.abs(next.x) > ROOM.x - BODY || Math.abs(next.z) > ROOM.z - BODY
    if (!isOut && !this.#panels.some((panel) => isBlocked(panel, position, next))) position.copy(next)
  }
}

function isBlocked(panel: Object3D, from: Vector3, to: Vector3): boolean {
  const [before, after] = [panel.worldToLocal(from.clone()), panel.worldToLocal(to.clone())]
  const isAt = Math.abs(after.x) < PANEL.halfWidth + BODY && after.z < BODY && after.z > -PANEL.thickness - BODY
  const isInOpening = Math.abs(after.x) < OPENING.width / 2 - 0.15 && before.z > 0
  // Whoever stands too near may always go away from it.
  return isAt && !isInOpening && Math.abs(after.z) <= Math.abs(before.z)
}
