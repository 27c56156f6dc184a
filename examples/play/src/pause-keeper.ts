import type { WorldClient } from '@sora-world/sdk'
import type { Mode } from './page-mode.ts'

/** In the menu without a key or a movement for so long: nobody is there. */
const IDLE_MS = 3 * 60_000
const SIGNS_OF_LIFE = ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchstart'] as const

/**
 * Pauses the world while its only player does not look (generation costs a processor): when the tab is hidden, in the menu
 * once the player has been in the world, and in the menu that nobody has touched for a while.
 *
 * A shared world goes on: whoever else is in the room may be looking, and may take over the controls.
 */
export class PauseKeeper {
  readonly #mode: Mode
  readonly #isStill: boolean
  #world: WorldClient | null = null
  #stopRoom: (() => void) | undefined
  #hasPlayed = false
  #isBusy = false
  #hasPaused = false
  #isIdle = false
  #idleTimer: ReturnType<typeof setTimeout> | undefined

  /** For the life of the page. `isStill`: only a hidden tab pauses. */
  constructor(mode: Mode, isStill: boolean) {
    this.#mode = mode
    this.#isStill = isStill
    mode.onChange((entered) => {
      if (entered === 'playing') this.#hasPlayed = true
      this.#apply()
    })
    document.addEventListener('visibilitychange', () => this.#apply())
    for (const name of SIGNS_OF_LIFE) window.addEventListener(name, () => this.#onLife(), { passive: true })
    this.#onLife()
  }

  /** Somebody has been in the world: the menu is a break, not a title. */
  get hasPlayed(): boolean {
    return this.#hasPlayed
  }

  /** `hasPlayed`: somebody has been in this world before, here or elsewhere. */
  setWorld(world: WorldClient | null, hasPlayed = false): void {
    this.#stopRoom?.()
    this.#world = world
    this.#hasPaused = false
    this.#hasPlayed = hasPlayed
    this.#stopRoom = world?.on('room', () => this.#apply())
    this.#apply()
  }

  /** Keeps the world running until the request is answered: most wait for a new frame. */
  async during<T>(request: () => Promise<T>): Promise<T> {
    this.#isBusy = true
    this.#apply()
    try {
      return await request()
    } finally {
      this.#isBusy = false
      this.#apply()
    }
  }

  #apply(): void {
    const world = this.#world
    if (!world) return
    const isMine = world.isDriver && world.room.players <= 1
    const shouldPause = isMine && !this.#isBusy && (document.hidden || this.#isUnwatched())
    if (shouldPause === this.#hasPaused) return
    this.#hasPaused = shouldPause
    world.pause(shouldPause)
  }

  #isUnwatched(): boolean {
    return !this.#isStill && this.#mode.current === 'menu' && (this.#hasPlayed || this.#isIdle)
  }

  #onLife(): void {
    clearTimeout(this.#idleTimer)
    this.#idleTimer = setTimeout(() => this.#setIdle(true), IDLE_MS)
    this.#setIdle(false)
  }

  #setIdle(isIdle: boolean): void {
    if (isIdle === this.#isIdle) return
    this.#isIdle = isIdle
    this.#apply()
  }
}
