import { MAX_STORED_WORLDS, type StoredWorld, type WorldStore } from './world-store.ts'

interface Kept {
  world: number
  file: Uint8Array
  entries: { first: number; entry: Uint8Array }[]
}

/** A store that ends with its process: for tests, and where nothing may be written. */
export class MemoryStore implements WorldStore {
  readonly #rooms = new Map<string, Kept>()

  list(): string[] {
    return [...this.#rooms.keys()].reverse()
  }

  load(roomId: string): StoredWorld | undefined {
    const kept = this.#rooms.get(roomId)
    return kept && { world: kept.world, file: kept.file, entries: kept.entries.map(({ entry }) => entry) }
  }

  save(roomId: string, world: number, next: number, file: Uint8Array): void {
    const before = this.#rooms.get(roomId)
    const entries = before?.world === world ? before.entries.filter(({ first }) => first >= next) : []
    // To the end of the list.
    this.#rooms.delete(roomId)
    this.#rooms.set(roomId, { world, file: Uint8Array.from(file), entries })
    const [oldest] = this.#rooms.keys()
    if (this.#rooms.size > MAX_STORED_WORLDS) this.#rooms.delete(oldest!)
  }

  append(roomId: string, first: number, entry: Uint8Array): void {
    this.#rooms.get(roomId)?.entries.push({ first, entry: Uint8Array.from(entry) })
  }

  remove(roomId: string): void {
    this.#rooms.delete(roomId)
  }

  close(): void {}
}
