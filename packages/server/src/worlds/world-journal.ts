import { toSoraError } from '@sora-world/sdk/protocol'
import type { WorldRun } from '../session/world-run.ts'
import { type JournalChunk, writeEntry } from './journal-entry.ts'
import { writeWorld } from './world-file.ts'
import type { WorldStore } from './world-store.ts'

/** Chunks in one entry: a second of play. */
const ENTRY_CHUNKS = 5
/** Chunks from one file to the next: a minute. In between lie entries, which are quick to write and slow to read. */
const FILE_CHUNKS = 300

/**
 * Writes the world of one room to a store while it is played: a file at the start and every minute, an entry every second.
 *
 * Failure: what the store throws is told once in the log, and tried again with the next file; play goes on.
 */
export class WorldJournal {
  readonly #store: WorldStore
  readonly #roomId: string
  readonly #log: (line: string) => void
  #run: WorldRun | null = null
  #waiting: JournalChunk[] = []
  /** The store has the file of this world. */
  #hasFile = false
  #sinceFile = 0
  /** World whose file is being packed; on a machine that is too busy for it, the next one waits. */
  #packing: WorldRun | null = null

  /** @param log takes one line per failure */
  constructor(store: WorldStore, roomId: string, log: (line: string) => void) {
    this.#store = store
    this.#roomId = roomId
    this.#log = log
  }

  /** Another world is played in the room. Resolves when it is in the store, or was found not to fit. */
  begin(run: WorldRun): Promise<void> {
    this.#run = run
    this.#hasFile = false
    return this.#writeFile(run)
  }

  commit(run: WorldRun, chunk: JournalChunk): void {
    if (run !== this.#run) return
    this.#waiting.push(chunk)
    this.#sinceFile++
    if (this.#sinceFile >= FILE_CHUNKS && this.#packing !== run) void this.#writeFile(run)
    else if (this.#waiting.length >= ENTRY_CHUNKS) this.flush()
  }

  /** Writes what waits. */
  flush(): void {
    if (!this.#run || !this.#hasFile || this.#waiting.length === 0) return
    const chunks = this.#waiting
    this.#waiting = []
    const { events, maker } = this.#run
    const append = () => this.#store.append(this.#roomId, chunks[0]!.job.index, writeEntry({ events, maker, chunks }))
    if (!this.#try(append)) this.#hasFile = false
  }

  /** The room ends; a server that comes back offers its world only when it `isKept`. */
  close(isKept: boolean): void {
    if (isKept) this.flush()
    else this.#try(() => this.#store.remove(this.#roomId))
    this.#run = null
  }

  async #writeFile(run: WorldRun): Promise<void> {
    this.flush()
    // Those that could not be written are in the file.
    this.#waiting = []
    this.#sinceFile = 0
    this.#packing = run
    try {
      const next = run.nextIndex
      const file = await writeWorld(run.value(new Date()))
      if (run !== this.#run) return
      this.#store.save(this.#roomId, run.index, next, file)
      this.#hasFile = true
    } catch (thrown) {
      this.#tell(thrown)
    } finally {
      if (this.#packing === run) this.#packing = null
    }
  }

  #try(action: () => void): boolean {
    try {
      action()
      return true
    } catch (thrown) {
      this.#tell(thrown)
      return false
    }
  }

  #tell(thrown: unknown): void {
    const { code, message } = toSoraError(thrown)
    this.#log(`the world of room ${this.#roomId} is not kept for now (${code}): ${message}`)
  }
}
