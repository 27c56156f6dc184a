import type { WorldClient } from '@sora-world/sdk'

/** Degrees a second that the view turns, and how far and how slowly it nods. */
const TURN = 6
const NOD = 4
const NOD_SECONDS = 14
/** Worlds of small models fade the longer they run: the title starts its own again. */
const LOOK_SECONDS = 30

/** The world plays by itself behind the title: the view turns slowly and nods a little. */
export class LookAround {
  #seconds = 0
  #pitch = 0

  /** Does nothing while somebody else is in the room, or the world does not run. */
  update(world: WorldClient, deltaSeconds: number): void {
    if (world.state !== 'running' || !world.isDriver || world.room.players > 1) return
    // A tab that slept must not whirl around.
    const delta = Math.min(deltaSeconds, 0.1)
    this.#seconds += delta
    const pitch = NOD * Math.sin((2 * Math.PI * this.#seconds) / NOD_SECONDS)
    world.look(TURN * delta, pitch - this.#pitch)
    this.#pitch = pitch
    if (this.#seconds > LOOK_SECONDS) this.#startAgain(world)
  }

  #startAgain(world: WorldClient): void {
    this.#seconds = 0
    this.#pitch = 0
    // Only decoration: where it fails, the title goes on as it is.
    world.reset({ rngSeed: world.room.rngSeed }).catch(() => {})
  }

  /** Leaves the view level, as it was. */
  stop(world: WorldClient | null): void {
    if (this.#pitch !== 0 && world?.isDriver) world.look(0, -this.#pitch)
    this.#seconds = 0
    this.#pitch = 0
  }
}
