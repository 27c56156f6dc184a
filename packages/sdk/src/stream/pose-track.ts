import type { ChunkHeader, ModelManifest } from '../protocol/index.ts'

/** Movement from the frame before into this one, in the player's own frame before the turn. */
export interface PoseStep {
  /** Blocks. */
  right: number
  up: number
  forward: number
  /** Degrees; right and down are positive. */
  yaw: number
  pitch: number
  onGround: boolean
}

/**
 * Where the camera is, in blocks and degrees from where the world began: x to the right of the first view, y up, z
 * towards the viewer (so forward is -z, as in three.js). Yaw turns right, pitch down.
 */
export interface Pose {
  x: number
  y: number
  z: number
  yaw: number
  pitch: number
}

const RADIANS = Math.PI / 180
export const ORIGIN: Pose = Object.freeze({ x: 0, y: 0, z: 0, yaw: 0, pitch: 0 })

/** Adds up the movements of a world. Movement in chunks that were lost is lost: the track goes on from where it was. */
export class PoseTrack {
  readonly #fields: readonly string[]
  #pose: Pose = ORIGIN

  constructor(manifest: ModelManifest) {
    this.#fields = manifest.pose?.fields ?? []
  }

  get pose(): Pose {
    return this.#pose
  }

  /** A world begins, or goes on from `pose`. */
  reset(pose: Pose = ORIGIN): void {
    this.#pose = pose
  }

  /** One entry per frame of the chunk; null where the model tells no pose or the packet brought none that fits. */
  follow(header: Pick<ChunkHeader, 'frames' | 'pose'>): { step: PoseStep; pose: Pose }[] | null {
    const width = this.#fields.length
    if (width === 0 || header.pose.length !== width * header.frames) return null
    return Array.from({ length: header.frames }, (_, frame) => {
      const step = this.#read(header.pose.slice(frame * width, (frame + 1) * width))
      this.#pose = advance(this.#pose, step)
      return { step, pose: this.#pose }
    })
  }

  #read(values: readonly number[]): PoseStep {
    const field = (name: string) => values[this.#fields.indexOf(name)] ?? 0
    return {
      right: field('right'),
      up: field('up'),
      forward: field('forward'),
      yaw: field('yaw'),
      pitch: field('pitch'),
      // The network gives a logit.
      onGround: field('onGround') > 0,
    }
  }
}

/** Yaw 0 looks along -z, yaw 90 along +x. */
export function advance(from: Pose, step: PoseStep): Pose {
  const sin = Math.sin(from.yaw * RADIANS)
  const cos = Math.cos(from.yaw * RADIANS)
  return {
    x: from.x + step.right * cos + step.forward * sin,
    y: from.y + step.up,
    z: from.z + step.right * sin - step.forward * cos,
    yaw: from.yaw + step.yaw,
    pitch: Math.max(-90, Math.min(90, from.pitch + step.pitch)),
  }
}
