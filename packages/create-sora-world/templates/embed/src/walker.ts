import { type PerspectiveCamera, Vector3 } from 'three'
import { PointerLockControls } from 'three/addons/controls/PointerLockControls.js'
import { DOOR, ROOM } from './room.ts'

const EYE_HEIGHT = 1.62
const METRES_PER_SECOND = 2.5
/** Kept from walls. */
const ELBOW = 0.3

/** Walks a camera through the room: mouse and WASD. Walls hold, the doorway does not. */
export class Walker {
  readonly #camera: PerspectiveCamera
  readonly #controls: PointerLockControls
  readonly #held = new Set<string>()
  enabled = true

  constructor(camera: PerspectiveCamera, element: HTMLElement) {
    this.#camera = camera
    this.#controls = new PointerLockControls(camera, element)
    camera.position.set(0, EYE_HEIGHT, ROOM.depth / 2 - 1)
    element.addEventListener('click', () => {
      if (this.enabled) this.#controls.lock()
    })
    addEventListener('keydown', ({ code }) => this.#held.add(code))
    addEventListener('keyup', ({ code }) => this.#held.delete(code))
    addEventListener('blur', () => this.#held.clear())
  }

  update(seconds: number): void {
    if (!this.enabled) return
    const step = METRES_PER_SECOND * Math.min(seconds, 0.1)
    this.#controls.moveForward(step * this.#axis('KeyW', 'KeyS'))
    this.#controls.moveRight(step * this.#axis('KeyD', 'KeyA'))
    keepInside(this.#camera.position)
  }

  /** Looks level again, where the camera is put to by somebody else. */
  stand(): void {
    const ahead = this.#camera.getWorldDirection(new Vector3()).setY(0)
    this.#camera.position.y = EYE_HEIGHT
    this.#camera.lookAt(ahead.add(this.#camera.position))
    keepInside(this.#camera.position)
  }

  #axis(more: string, less: string): number {
    return Number(this.#held.has(more)) - Number(this.#held.has(less))
  }
}

function keepInside(place: Vector3): void {
  const across = ROOM.width / 2 - ELBOW
  const along = ROOM.depth / 2 - ELBOW
  const isBeforeDoor = Math.abs(place.x - DOOR.x) < DOOR.width / 2 - ELBOW / 2
  place.x = Math.min(across, Math.max(-across, place.x))
  place.z = Math.min(along, Math.max(isBeforeDoor ? -along - 1 : -along, place.z))
}
