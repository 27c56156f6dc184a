import type { WorldClient } from '@sora-world/sdk'
import { followPose, PortalReturn, WorldBackdrop, type WorldPortal } from '@sora-world/three'
import { type Object3D, type PerspectiveCamera, Scene, type WebGLRenderer } from 'three'
import type { Hands } from './hands.ts'
import { Walker } from './walker.ts'

export interface Exhibit {
  world: WorldClient
  portal: WorldPortal
  panel: Object3D
}

/** Somebody's way through the museum: in the room, or in the world behind one of its portals. */
export class Visit {
  readonly backdrop = new WorldBackdrop({ filter: 'linear' })
  readonly walker: Walker
  /** The world that the visitor is in; null in the room. */
  inside: Exhibit | null = null
  readonly #room: Scene
  readonly #outside: Scene
  readonly #camera: PerspectiveCamera
  readonly #exhibits: readonly Exhibit[]
  #back: PortalReturn | null = null

  constructor(room: Scene, camera: PerspectiveCamera, exhibits: readonly Exhibit[]) {
    this.#room = room
    this.#camera = camera
    this.#exhibits = exhibits
    this.#outside = new Scene().add(this.backdrop)
    this.walker = new Walker(
      camera,
      exhibits.map(({ panel }) => panel),
    )
    for (const exhibit of exhibits) {
      const { world, portal } = exhibit
      portal.addEventListener('entered', () => this.#enter(exhibit))
      portal.addEventListener('left', ({ local }) => {
        local.premultiply(portal.matrixWorld).decompose(camera.position, camera.quaternion, camera.scale)
        this.#leave(exhibit)
      })
      world.on('frame', (frame) => this.inside === exhibit && followPose(camera, frame, world.manifest))
    }
  }

  update(hands: Hands, seconds: number): void {
    if (this.inside) {
      const { world } = this.inside
      const { yaw, pitch } = hands.takeTurn()
      world.hold(hands.held)
      world.look(yaw, pitch)
      this.inside.portal.update(this.#camera)
      return
    }
    this.walker.update(hands, seconds)
    for (const { portal } of this.#exhibits) if (!this.inside) portal.update(this.#camera)
  }

  render(renderer: WebGLRenderer): void {
    this.#back?.look(renderer, this.#room, this.#camera)
    renderer.render(this.inside ? this.#outside : this.#room, this.#camera)
  }

  #enter(exhibit: Exhibit): void {
    this.inside = exhibit
    this.backdrop.setWorld(exhibit.world)
    if (exhibit.world.frame) followPose(this.#camera, exhibit.world.frame, exhibit.world.manifest)
    this.#back = new PortalReturn(exhibit.portal)
    this.#outside.add(this.#back)
  }

  #leave({ world }: Exhibit): void {
    this.inside = null
    world.release()
    this.backdrop.setWorld(null)
    this.#back?.dispose()
    this.#back = null
    this.#camera.fov = 60
    this.#camera.updateProjectionMatrix()
    this.walker.takeOver()
  }
}
