import RAPIER from '@dimforge/rapier3d-compat'
import { BoxGeometry, type Camera, Group, MathUtils, Mesh, MeshStandardMaterial, Vector3 } from 'three'

/** Half the height of the body's straight part, and its radius, blocks. */
const [HALF, RADIUS] = [0.35, 0.25]
/** Where it walks, seen from the camera: to the left and ahead. */
const PLACE = new Vector3(-1.3, 0, -3.6)
/** Blocks per second. */
const SPEED = 3
/** Blocks from its place: beyond that it is brought there. */
const LOST = 8
const SWING_SECONDS = 0.4

/** Somebody made of blocks, who walks before the camera on generated ground and throws. */
export class Figure extends Group {
  readonly #body: RAPIER.RigidBody
  readonly #arm: Group
  readonly #legs: Group[]
  #sinceThrow = Number.POSITIVE_INFINITY
  #walked = 0

  constructor(physics: RAPIER.World) {
    super()
    const [skin, shirt, trousers] = ['#e0ac7e', '#3f7fbf', '#3b3f58'].map(
      (color) => new MeshStandardMaterial({ color }),
    )
    this.add(block(0.3, 0.3, 0.3, 0.45, skin!), block(0.4, 0.5, 0.22, 0.05, shirt!))
    this.#arm = limb(0.27, 0.28, skin!, 0.42)
    this.#legs = [limb(-0.1, -0.2, trousers!, 0.4), limb(0.1, -0.2, trousers!, 0.4)]
    this.add(this.#arm, limb(-0.27, 0.28, skin!, 0.42), ...this.#legs)
    this.#body = physics.createRigidBody(RAPIER.RigidBodyDesc.dynamic().lockRotations())
    physics.createCollider(RAPIER.ColliderDesc.capsule(HALF, RADIUS).setFriction(0), this.#body)
    // It waits until there is ground.
    this.#body.setEnabled(false)
    this.visible = false
  }

  /** Where a ball leaves its hand. */
  get hand(): Vector3 {
    return this.localToWorld(new Vector3(0.27, 0.7, -0.3))
  }

  /** Lifts the arm. */
  swing(): void {
    this.#sinceThrow = 0
  }

  /** Walks to its place before the camera, and is put there when it is far from it or has fallen off the world. */
  update(camera: Camera, seconds: number): void {
    const place = camera.localToWorld(PLACE.clone())
    place.y = Math.max(place.y, camera.position.y - 0.6)
    const at = this.#body.translation()
    const way = new Vector3(place.x - at.x, 0, place.z - at.z)
    const isLost = way.length() > LOST || place.y - at.y > LOST
    if (isLost || !this.visible) {
      this.#body.setEnabled(true)
      this.#body.setTranslation(place, true)
      this.#body.setLinvel({ x: 0, y: 0, z: 0 }, true)
      this.visible = true
    } else {
      const speed = way.length() < 0.3 ? 0 : Math.min(SPEED, way.length() * 2)
      const { x, z } = way.normalize().multiplyScalar(speed)
      this.#body.setLinvel({ x, y: this.#body.linvel().y, z }, true)
      this.#walked += speed * seconds
    }
    this.position.copy(this.#body.translation() as Vector3)
    this.rotation.y = Math.atan2(camera.matrixWorld.elements[8]!, camera.matrixWorld.elements[10]!)
    this.#sinceThrow += seconds
    this.#pose()
  }

  #pose(): void {
    const share = Math.min(1, this.#sinceThrow / SWING_SECONDS)
    this.#arm.rotation.x = MathUtils.lerp(2.6, 0, share)
    const stride = 0.6 * Math.sin(this.#walked * 5)
    for (const [i, leg] of this.#legs.entries()) leg.rotation.x = i === 0 ? stride : -stride
  }
}

function block(width: number, height: number, depth: number, y: number, material: MeshStandardMaterial): Mesh {
  const mesh = new Mesh(new BoxGeometry(width, height, depth), material)
  mesh.position.y = y
  return mesh
}

/** Hangs from its joint. */
function limb(x: number, y: number, material: MeshStandardMaterial, length: number): Group {
  const joint = new Group()
  joint.position.set(x, y, 0)
  return joint.add(block(0.14, length, 0.14, -length / 2, material))
}
