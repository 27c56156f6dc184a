import RAPIER, { type Collider, type KinematicCharacterController, type World } from '@dimforge/rapier3d-compat'
import { type BodyAction, GRAVITY_STEP, heightInJump, nextMotion, nextStroke, SPRINT, seemsToSwim } from './body.ts'
import { type Motion, moved, type Place, type Pose, radians } from './camera.ts'
import type { MemorySettings } from './memory-settings.ts'
import { COLUMN_WIDTH, groundBelow, NearbyBlocks, type Stand } from './nearby-blocks.ts'
import type { PointArrays } from './point-arrays.ts'

await RAPIER.init()

/** Blocks. */
const HEIGHT = 1.8
const EYE_HEIGHT = 1.62
/**
 * Bodies are square, but how they are turned against the memory is not known, so this one is round; and a little thinner:
 * whoever walks along a wall that was seen too near must not get stuck.
 */
const RADIUS = 0.25
/** Distance that the controller keeps from everything. */
const SKIN = 0.01
/** A way that is cut by less has met nothing. */
const LEAST_CUT = 0.002

/** Blocks along the axes of the memory. */
interface Way {
  x: number
  y: number
  z: number
}

/**
 * Where the player is about to be among the blocks that the points tell of: they land, stop at walls and ceilings and fall off
 * edges. The rules of body.ts say where to, Rapier how far they get. Where nothing is known the ground is level.
 */
export class BodyAmongBlocks {
  readonly #blocks: NearbyBlocks

  constructor({ maxPoints, framesPerChunk }: Pick<MemorySettings, 'maxPoints' | 'framesPerChunk'>) {
    this.#blocks = new NearbyBlocks(maxPoints, framesPerChunk * SPRINT + 2 * RADIUS)
  }

  /** Pose of each frame of the coming chunk, from the place of the last frame, the chunk's actions and the points. */
  poses({ pose, motion }: Place, actions: readonly BodyAction[], points: PointArrays): Pose[] {
    if (seemsToSwim(motion)) return swim(pose, motion, actions)
    const speed = Math.hypot(motion.right, motion.forward)
    const stand: Stand = { x: pose.x, feet: pose.y - EYE_HEIGHT, z: pose.z, onGround: motion.onGround, speed }
    const level = groundLevel(points, stand, motion)
    const cells = Number.isFinite(level) ? this.#blocks.around(points, stand, level) : new Int32Array(0)
    const walk = new Walk(cells, level - stand.feet)
    try {
      let at = pose
      let last = motion
      return actions.map((action) => {
        const step = walk.step(last, action, at.yaw)
        at = moved(at, step)
        last = walk.isStopped ? { ...step, up: 0 } : step
        return at
      })
    } finally {
      walk.free()
    }
  }
}

/** In water nothing is in the way: points do not tell it from ground. */
function swim(pose: Pose, motion: Motion, actions: readonly BodyAction[]): Pose[] {
  let at = pose
  let last = motion
  return actions.map((action) => {
    last = nextStroke(last, action)
    at = moved(at, last)
    return at
  })
}

/** Height of the ground that counts as known: under the feet, or where the player jumped off. */
function groundLevel(points: PointArrays, stand: Stand, { up, onGround }: Motion): number {
  if (onGround) return stand.feet
  const height = heightInJump(up)
  return height === undefined ? groundBelow(points, stand) : stand.feet - height
}

/** A body among cells, in a space of its own around where its feet start: nothing of one walk is left for the next. */
class Walk {
  /** A ceiling ended the rise of the last step. */
  isStopped = false
  readonly #space: World
  readonly #body: Collider
  readonly #controller: KinematicCharacterController
  readonly #at: Way = { x: 0, y: HEIGHT / 2, z: 0 }

  /** @param cells of {@link NearbyBlocks.around}, whose level is `level` above the feet */
  constructor(cells: Int32Array, level: number) {
    this.#space = new RAPIER.World({ x: 0, y: 0, z: 0 })
    if (cells.length > 0) {
      const blocks = RAPIER.ColliderDesc.voxels(cells, { x: COLUMN_WIDTH, y: 1, z: COLUMN_WIDTH })
      this.#space.createCollider(blocks.setTranslation(0, level - 1, 0))
    }
    this.#body = this.#space.createCollider(RAPIER.ColliderDesc.cylinder(HEIGHT / 2 - SKIN, RADIUS - SKIN))
    this.#controller = this.#space.createCharacterController(SKIN)
    // Only what was there in a step is found by the controller.
    this.#space.step()
  }

  /** Motion of one frame under `action`, from the motion of the frame before, in the frame of `yaw` degrees. */
  step(last: Motion, action: BodyAction, yaw: number): Motion {
    const wish = nextMotion(last, action)
    // Weight presses on the ground; without it an edge would be walked over.
    const rise = wish.onGround ? GRAVITY_STEP : wish.up
    const up = this.#push({ x: 0, y: rise, z: 0 }).y
    const isCut = Math.abs(up - rise) > LEAST_CUT
    this.isStopped = isCut && rise > 0
    const sine = Math.sin(radians(yaw))
    const cosine = Math.cos(radians(yaw))
    const { right, forward } = wish
    const { x, z } = this.#push({ x: right * cosine + forward * sine, y: 0, z: right * sine - forward * cosine })
    const onGround = isCut && rise <= 0
    return { ...wish, right: x * cosine + z * sine, up, forward: x * sine - z * cosine, onGround }
  }

  free(): void {
    this.#space.free()
  }

  /** How far the body gets. */
  #push(way: Way): Way {
    this.#body.setTranslation(this.#at)
    this.#controller.computeColliderMovement(this.#body, way)
    const { x, y, z } = this.#controller.computedMovement()
    this.#at.x += x
    this.#at.y += y
    this.#at.z += z
    return { x, y, z }
  }
}
