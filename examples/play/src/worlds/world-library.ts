import { SoraError } from '@sora-world/sdk'
import { readWorldFacts, type WorldFileFacts } from './world-file-facts.ts'

const DATABASE = 'sora-world'
const VERSION = 1
/** What a list needs, and the files themselves: a list of many worlds reads no file. */
const FACTS = 'facts'
const FILES = 'files'

/** A saved world without its file. */
export interface SavedWorld extends Omit<WorldFileFacts, 'picture'> {
  id: string
  /** Milliseconds since 1970. */
  savedAt: number
  /** Length of the file. */
  bytes: number
  /** What was seen when it was saved; null when the file has no picture and the page gave none. */
  picture: Blob | null
}

/**
 * The worlds saved in this browser. A world is written whole or not at all; what goes wrong leaves the others as they were.
 *
 * Every method throws SoraError `store-failed` in words when the browser keeps nothing (private window, full disk).
 */
export class WorldLibrary {
  #opening: Promise<IDBDatabase> | null = null

  /** Newest first. */
  async list(): Promise<SavedWorld[]> {
    const worlds = await this.#run('readonly', (facts) => asked<SavedWorld[]>(facts.getAll()))
    return worlds.sort((a, b) => b.savedAt - a.savedAt)
  }

  /**
   * @param picture of the moment, when the file may have none
   * @throws SoraError also `world-invalid` or `world-version` when the bytes are no world
   */
  async add(bytes: Uint8Array<ArrayBuffer>, picture: Blob | null = null): Promise<SavedWorld> {
    const { picture: own, ...facts } = await readWorldFacts(bytes)
    const world: SavedWorld = {
      ...facts,
      id: newId(),
      savedAt: Date.now(),
      bytes: bytes.length,
      picture: own ? new Blob([own], { type: 'image/webp' }) : picture,
    }
    await this.#run('readwrite', async (factsStore, files) => {
      await Promise.all([asked(factsStore.put(world)), asked(files.put(new Blob([bytes]), world.id))])
    })
    return world
  }

  /** @throws SoraError also `world-missing` */
  async file(id: string): Promise<Blob> {
    const file = await this.#run('readonly', (_facts, files) => asked<Blob | undefined>(files.get(id)))
    if (!file) throw new SoraError('world-missing', 'This world is no longer kept here.')
    return file
  }

  async remove(id: string): Promise<void> {
    await this.#run('readwrite', async (facts, files) => {
      await Promise.all([asked(facts.delete(id)), asked(files.delete(id))])
    })
  }

  async #run<T>(
    mode: IDBTransactionMode,
    work: (facts: IDBObjectStore, files: IDBObjectStore) => Promise<T>,
  ): Promise<T> {
    try {
      const database = await (this.#opening ??= open())
      const transaction = database.transaction([FACTS, FILES], mode)
      const isDone = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve()
        transaction.onabort = () => reject(transaction.error)
      })
      const [result] = await Promise.all([work(transaction.objectStore(FACTS), transaction.objectStore(FILES)), isDone])
      return result
    } catch (thrown) {
      this.#opening = null
      throw wordsFor(thrown)
    }
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, VERSION)
  request.onupgradeneeded = () => {
    request.result.createObjectStore(FACTS, { keyPath: 'id' })
    request.result.createObjectStore(FILES)
  }
  return asked(request)
}

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

function wordsFor(cause: unknown): SoraError {
  if (cause instanceof DOMException && cause.name === 'QuotaExceededError') {
    const words = 'The browser has no room left. Delete saved worlds, or download them first.'
    return new SoraError('store-failed', words, { cause })
  }
  const words = 'This browser keeps nothing for this page (a private window?). Download the world as a file instead.'
  return new SoraError('store-failed', words, { cause })
}

/** `randomUUID` is for secure pages only. */
function newId(): string {
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`
}
