import { SoraError } from '@sora-world/sdk/protocol'

export type Role = 'player' | 'spectator'

export interface DriverSeatOptions {
  /** Nobody can take the controls from a driver who is there. */
  lockControl?: boolean
}

/**
 * Who steers: one client at a time.
 *
 * The first player drives. Whoever asks for the controls gets them, spectators too; when the driver leaves or lets go,
 * the player who came first among the others goes on. A driver whose connection dropped keeps the seat until it is
 * either back or given up.
 */
export class DriverSeat {
  readonly #roles = new Map<string, Role>()
  readonly #lockControl: boolean
  #driver = ''

  constructor(options: DriverSeatOptions = {}) {
    this.#lockControl = options.lockControl ?? false
  }

  /** Session id of the driver; '' when nobody drives. */
  get driver(): string {
    return this.#driver
  }

  join(sessionId: string, role: Role): void {
    this.#roles.set(sessionId, role)
    if (this.#driver === '' && role === 'player') this.#driver = sessionId
  }

  leave(sessionId: string): void {
    this.#roles.delete(sessionId)
    if (this.#driver === sessionId) this.#handOn()
  }

  /** @throws SoraError `not-driver` when the controls are locked */
  take(sessionId: string): void {
    if (this.#lockControl && this.#driver !== '' && this.#driver !== sessionId) {
      throw new SoraError('not-driver', 'the driver of this world keeps the controls')
    }
    this.#driver = sessionId
  }

  release(sessionId: string): void {
    if (this.#driver === sessionId) this.#handOn(sessionId)
  }

  /** May this client steer, pause and change the world? Without a driver everybody may. */
  mayDecide(sessionId: string): boolean {
    return this.#driver === '' || this.#driver === sessionId
  }

  #handOn(except = ''): void {
    this.#driver = ''
    for (const [sessionId, role] of this.#roles) {
      if (role === 'player' && sessionId !== except) {
        this.#driver = sessionId
        return
      }
    }
  }
}
