import { toSoraError, type WorldClient } from '@sora-world/sdk'
import { element } from './element.ts'
import type { Toast } from './toast.ts'

/** Who drives: the banner for those who watch, and the way to take the controls over. */
export class Seat {
  readonly #banner = element('watching')
  readonly #line = element('seat')
  readonly #toast: Toast
  #world: WorldClient | null = null

  constructor(toast: Toast) {
    this.#toast = toast
    element('take-control').addEventListener('click', () => void this.takeControl())
  }

  setWorld(world: WorldClient | null): void {
    this.#world = world
    this.show()
  }

  /** Somebody else holds the controls. */
  get isWatching(): boolean {
    return this.#world !== null && this.#world.room.driver !== '' && !this.#world.isDriver
  }

  /** To be called when the room changed. */
  show(): void {
    const { isWatching } = this
    const world = this.#world
    this.#banner.hidden = !isWatching
    const players = world?.room.players ?? 0
    this.#line.hidden = players < 2
    this.#line.textContent = `${players} people are in this world; ${isWatching ? 'someone else drives' : 'you drive'}.`
  }

  async takeControl(): Promise<void> {
    const world = this.#world
    if (!world || world.isDriver) return
    try {
      await world.takeControl()
      world.pause(false)
      this.#toast.say('The controls are yours')
    } catch (thrown) {
      this.#toast.say(toSoraError(thrown).message)
    }
    this.show()
  }
}
