import { randomBytes } from 'node:crypto'
import { SoraError } from '@sora-world/sdk/protocol'
import type { Clock } from '../scheduler/clock.ts'
import type { WorldValue } from './world-value.ts'

/** A world that waits to be fetched or taken up. */
export interface ShelvedWorld {
  bytes: Uint8Array
  value: WorldValue
}

const MAX_WORLDS = 16
const KEEP_MS = 120_000

/**
 * Where worlds lie for two minutes between a socket, which is too narrow for them, and HTTP. Whoever knows the id of one
 * may have it. Few fit: the oldest makes way.
 */
export class WorldShelf {
  readonly #clock: Clock
  readonly #worlds = new Map<string, ShelvedWorld & { until: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get count(): number {
    this.#clear()
    return this.#worlds.size
  }

  /** Gives the id under which the world lies there. */
  put(world: ShelvedWorld): string {
    this.#clear()
    const [oldest] = this.#worlds.keys()
    if (oldest && this.#worlds.size >= MAX_WORLDS) this.#worlds.delete(oldest)
    const id = randomBytes(16).toString('hex')
    this.#worlds.set(id, { ...world, until: this.#clock.now() + KEEP_MS })
    return id
  }

  /** @throws SoraError `world-missing` when its time is over */
  get(id: string): ShelvedWorld {
    this.#clear()
    const world = this.#worlds.get(id)
    if (!world) throw new SoraError('world-missing', 'no such world is kept; one is kept for two minutes')
    return world
  }

  #clear(): void {
    const now = this.#clock.now()
    for (const [id, { until }] of this.#worlds) if (until <= now) this.#worlds.delete(id)
  }
}
