import { copyFrame, type Frame, type Pose } from '@sora-world/sdk'

/** About 16 MB at 128 x 80. */
const MOST_FRAMES = 400
/** A frame is kept when the camera has moved or turned so far since the one before: blocks, degrees. */
const STEP_BLOCKS = 0.5
const STEP_DEGREES = 8

/**
 * Remembers what was seen and from where, for a mesh that somebody may ask for later: costs one copy of a small picture
 * now and then, and no work before that.
 */
export class FrameDiary {
  #frames: Frame[] = []

  get frames(): readonly Frame[] {
    return this.#frames
  }

  /** To be called with every frame shown; another world starts the diary anew. */
  see(frame: Frame): void {
    if (this.#frames[0] && this.#frames[0].world !== frame.world) this.#frames = []
    if (!frame.pose || !frame.inverseDepth) return
    const before = this.#frames.at(-1)
    if (before?.pose && !hasMoved(before.pose, frame.pose)) return
    if (this.#frames.length >= MOST_FRAMES) this.#frames.shift()
    this.#frames.push(copyFrame(frame))
  }

  clear(): void {
    this.#frames = []
  }
}

function hasMoved(from: Pose, to: Pose): boolean {
  const way = Math.hypot(to.x - from.x, to.y - from.y, to.z - from.z)
  const turn = Math.abs(((to.yaw - from.yaw + 540) % 360) - 180)
  return way >= STEP_BLOCKS || turn >= STEP_DEGREES || Math.abs(to.pitch - from.pitch) >= STEP_DEGREES
}
