import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { SoraError, toSoraError } from '@sora-world/sdk/protocol'
import { MAX_STORED_WORLDS, type StoredWorld, type WorldStore } from './world-store.ts'

const FILE = 'worlds.sqlite'
const SCHEMA_VERSION = 1

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS rooms (
    id TEXT PRIMARY KEY, world INTEGER NOT NULL, file BLOB NOT NULL, saved INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS entries (
    room TEXT NOT NULL REFERENCES rooms(id) ON DELETE CASCADE, first INTEGER NOT NULL, entry BLOB NOT NULL,
    PRIMARY KEY (room, first)
  ) STRICT;
`

/**
 * Opens the store in a folder, which is made when it is not there.
 *
 * @throws SoraError `store-failed` when another server has it, it is damaged or of a newer version, or the folder cannot be
 *   written; `unsupported` when this Node has no SQLite (before 22.5)
 */
export async function openSqliteStore(dir: string): Promise<WorldStore> {
  const sqlite = await import('node:sqlite').catch((cause) => {
    throw new SoraError('unsupported', 'this Node has no SQLite; worlds are kept from Node 22.5 on', { cause })
  })
  return attempt(`the store in ${dir} cannot be opened`, () => {
    mkdirSync(dir, { recursive: true })
    const db = new sqlite.DatabaseSync(join(dir, FILE))
    try {
      prepare(db)
    } catch (thrown) {
      db.close()
      throw thrown
    }
    return new SqliteStore(db)
  })
}

function prepare(db: DatabaseSync): void {
  // Exclusive: two servers would offer the same worlds. Freed by the system when a process is killed.
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  db.exec('PRAGMA foreign_keys = ON')
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version > SCHEMA_VERSION) throw new Error(`version ${version}; this program reads ${SCHEMA_VERSION}`)
  db.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
}

/** SQLite in one file. A power cut may cost the last second; a killed process costs nothing. */
class SqliteStore implements WorldStore {
  readonly #db: DatabaseSync

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  list(): string[] {
    return this.#try(() =>
      this.#all('SELECT id FROM rooms ORDER BY saved DESC, rowid DESC').map(({ id }) => String(id)),
    )
  }

  load(roomId: string): StoredWorld | undefined {
    return this.#try(() => {
      const [room] = this.#all('SELECT world, file FROM rooms WHERE id = ?', roomId)
      if (!room) return undefined
      const entries = this.#all('SELECT entry FROM entries WHERE room = ? ORDER BY first', roomId)
      const { world, file } = room
      return {
        world: Number(world),
        file: file as Uint8Array,
        entries: entries.map(({ entry }) => entry as Uint8Array),
      }
    })
  }

  save(roomId: string, world: number, next: number, file: Uint8Array): void {
    this.#atOnce(() => {
      const [before] = this.#all('SELECT world FROM rooms WHERE id = ?', roomId)
      const saved = Number(this.#all('SELECT coalesce(max(saved), 0) + 1 AS saved FROM rooms')[0]!.saved)
      this.#run(
        `INSERT INTO rooms (id, world, file, saved) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET world = excluded.world, file = excluded.file, saved = excluded.saved`,
        ...[roomId, world, file, saved],
      )
      const isSameWorld = before?.world === world
      this.#run(
        'DELETE FROM entries WHERE room = ? AND first < ?',
        roomId,
        isSameWorld ? next : Number.MAX_SAFE_INTEGER,
      )
      const kept = 'SELECT id FROM rooms ORDER BY saved DESC LIMIT ?'
      this.#run(`DELETE FROM rooms WHERE id NOT IN (${kept})`, MAX_STORED_WORLDS)
    })
  }

  append(roomId: string, first: number, entry: Uint8Array): void {
    this.#try(() => {
      const room = 'SELECT ?, ?, ? WHERE EXISTS (SELECT 1 FROM rooms WHERE id = ?)'
      this.#run(`INSERT OR REPLACE INTO entries (room, first, entry) ${room}`, roomId, first, entry, roomId)
    })
  }

  remove(roomId: string): void {
    this.#try(() => this.#run('DELETE FROM rooms WHERE id = ?', roomId))
  }

  close(): void {
    this.#try(() => this.#db.close())
  }

  #all(sql: string, ...values: SqlValue[]): Record<string, unknown>[] {
    return this.#db.prepare(sql).all(...values) as Record<string, unknown>[]
  }

  #run(sql: string, ...values: SqlValue[]): void {
    this.#db.prepare(sql).run(...values)
  }

  #atOnce(action: () => void): void {
    this.#try(() => {
      this.#db.exec('BEGIN IMMEDIATE')
      try {
        action()
        this.#db.exec('COMMIT')
      } catch (thrown) {
        // A full disk ends the transaction by itself.
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
        throw thrown
      }
    })
  }

  #try<T>(action: () => T): T {
    return attempt('the store of worlds failed', action)
  }
}

type SqlValue = string | number | Uint8Array

function attempt<T>(what: string, action: () => T): T {
  try {
    return action()
  } catch (thrown) {
    throw new SoraError('store-failed', `${what}: ${toSoraError(thrown).message}`, { cause: thrown })
  }
}
