import RAPIER from '@dimforge/rapier3d-compat'
import { type Camera, Mesh, MeshStandardMaterial, type Object3D, SphereGeometry, Vector3 } from 'three'

const RADIUS = 0.2
const SPEED = 6
const STEP_SECONDS = 1 / 60
/** Blocks below the start: what fell off the world. */
const LOST = -40

const COLOURS = ['#ff5252', '#ffd740', '#40c4ff', '#e040fb']

interface Ball {
  body: RAPIER.RigidBody
  mesh: Mesh<SphereGeometry, MeshStandardMaterial>
}

/** Balls that fly, fall and roll. */
export class Balls {
  readonly #scene: Object3D
  readonly #physics: RAPIER.World
  readonly #geometry = new SphereGeometry(RADIUS, 24, 16)
  readonly #balls: Ball[] = []
  #thrown = 0
  #owedSeconds = 0

  constructor(scene: Object3D, physics: RAPIER.World) {
    this.#scene = scene
    this.#physics = physics
  }

  get heights(): number[] {
    return this.#balls.map(({ body }) => body.translation().y)
  }

  /** Throws one from a hand the way the camera looks, a little upwards. */
  throwFrom(from: Vector3, camera: Camera): void {
    const forward = camera.getWorldDirection(new Vector3())
    const body = this.#physics.createRigidBody(
      RAPIER.RigidBodyDesc.dynamic().setTranslation(from.x, from.y, from.z).setCcdEnabled(true).setAngularDamping(1),
    )
    body.setLinvel(forward.multiplyScalar(SPEED).add(new Vector3(0, 1, 0)), true)
    this.#physics.createCollider(RAPIER.ColliderDesc.ball(RADIUS).setRestitution(0.4).setFriction(1), body)
    const color = COLOURS[this.#thrown++ % COLOURS.length]
    const mesh = new Mesh(this.#geometry, new MeshStandardMaterial({ color }))
    this.#scene.add(mesh)
    this.#balls.push({ body, mesh })
  }

  update(seconds: number): void {
    for (this.#owedSeconds += seconds; this.#owedSeconds > STEP_SECONDS; this.#owedSeconds -= STEP_SECONDS) {
      this.#physics.step()
    }
    for (const ball of [...this.#balls]) {
      const { x, y, z } = ball.body.translation()
      ball.mesh.position.set(x, y, z)
      if (y < LOST) this.#remove(ball)
    }
  }

  #remove(ball: Ball): void {
    this.#balls.splice(this.#balls.indexOf(ball), 1)
    this.#physics.removeRigidBody(ball.body)
    ball.mesh.removeFromParent()
    ball.mesh.material.dispose()
  }
}
