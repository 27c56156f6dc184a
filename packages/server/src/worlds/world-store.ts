/** A world in a store: its file, and what was made since. */
export interface StoredWorld {
  /** Which world of its room. */
  world: number
  /** A world file. */
  file: Uint8Array
  /** Journal entries since, oldest first, see `writeEntry`. */
  entries: readonly Uint8Array[]
}

/**
 * Keeps the worlds that are being played, so that a server which was killed can offer them again. One writer at a time.
 *
 * Every call is done when it returns: what was appended is there after the process was killed.
 *
 * @throws SoraError `store-failed` from every method, when the disk is full, the store locked or damaged
 */
export interface WorldStore {
  /** Ids of rooms, the one saved last first. */
  list(): string[]
  load(roomId: string): StoredWorld | undefined
  /** The world as it is before chunk `next`: takes the place of file and entries of before. */
  save(roomId: string, world: number, next: number, file: Uint8Array): void
  /** What was made from chunk `first` on; of a room that is not there nothing is kept. */
  append(roomId: string, first: number, entry: Uint8Array): void
  remove(roomId: string): void
  close(): void
}

/** Worlds in a store at most; those saved longest ago go first. */
export const MAX_STORED_WORLDS = 100
