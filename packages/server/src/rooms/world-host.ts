import { type FrameSize, type ModelManifest, SoraError } from '@sora-world/sdk/protocol'
import type { Clock } from '../scheduler/clock.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import type { ModelWorker } from '../worker/model-worker.ts'
import { WorldShelf } from '../worlds/world-shelf.ts'
import type { WorldStore } from '../worlds/world-store.ts'

/** A room as its host sees it. */
export interface HostedRoom {
  readonly roomId: string
  /** Since when nobody watches; null while somebody does. */
  readonly unwatchedSince: number | null
  disconnect(): Promise<unknown>
}

export interface HostSettings {
  worker: ModelWorker
  scheduler: Scheduler
  clock: Clock
  /** Path on this server under which clients find manifest and decoder. */
  modelUrl: string
  /** Denoise steps of rooms that do not ask for a number. */
  steps: number
  memory: boolean
  /** Whether worlds that break down are started anew from their memory, in rooms that do not say. */
  guard: boolean
  maxRooms: number
  /** People in one room, spectators included. */
  maxClients: number
  /** Prompt of rooms that do not bring one. */
  defaultPrompt: string
  /** Seconds for which a dropped client finds its seat again. */
  reconnectionSeconds: number
  lockControl: boolean
  /** Takes one line of text per problem. */
  log(line: string): void
}

/** What all rooms of one server share: the worker behind its scheduler, and how many rooms there may be. */
export class WorldHost {
  readonly settings: HostSettings
  readonly shelf: WorldShelf
  /** Where worlds outlive the server; undefined when they do not. */
  readonly store: WorldStore | undefined
  /** Rooms that are opened again, by the id of their world on the shelf. */
  readonly reopening = new Map<string, { roomId: string; world: number }>()
  /** The server ends: the worlds of its rooms stay in the store. */
  isClosing = false
  readonly #rooms = new Set<HostedRoom>()

  constructor(settings: HostSettings, store?: WorldStore) {
    this.store = store
    this.settings = settings
    this.shelf = new WorldShelf(settings.clock)
  }

  get manifest(): ModelManifest {
    return this.settings.worker.manifest
  }

  get roomCount(): number {
    return this.#rooms.size
  }

  /**
   * Takes a new room in. When the house is full, the room that has been without anybody for the longest time makes way.
   *
   * @throws SoraError `busy` when somebody is in every room
   */
  admit(room: HostedRoom): void {
    if (this.#rooms.size >= this.settings.maxRooms) this.#clearOne()
    this.#rooms.add(room)
  }

  leave(room: HostedRoom): void {
    this.#rooms.delete(room)
  }

  /** What a client is told in `welcome` about its room. */
  describe(size: FrameSize, steps: number) {
    const { worker, modelUrl } = this.settings
    const { provider, variant, manifest } = worker
    return { modelUrl, modelName: manifest.name, size, provider, variant, steps }
  }

  #clearOne(): void {
    const empty = [...this.#rooms].filter((room) => room.unwatchedSince !== null)
    const longest = empty.sort((a, b) => a.unwatchedSince! - b.unwatchedSince!)[0]
    if (!longest) throw new SoraError('busy', `all ${this.settings.maxRooms} worlds of this server are taken`)
    this.#rooms.delete(longest)
    void longest.disconnect()
  }
}
