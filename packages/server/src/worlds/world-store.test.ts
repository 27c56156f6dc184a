import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeRecording } from './fake-recording.ts'
import { applyEntry, readEntry, writeEntry } from './journal-entry.ts'
import { MemoryStore } from './memory-store.ts'
import { openSqliteStore } from './sqlite-store.ts'
import { takeUp } from './take-up.ts'
import { readWorld } from './world-file.ts'
import { WorldJournal } from './world-journal.ts'
import { MAX_STORED_WORLDS, type WorldStore } from './world-store.ts'

const root = mkdtempSync(join(tmpdir(), 'sora-store-'))
afterAll(() => rmSync(root, { recursive: true }))
let folders = 0
const folder = () => join(root, String(folders++))

describe.each<[string, () => Promise<WorldStore>]>([
  ['the store in memory', async () => new MemoryStore()],
  ['the store in SQLite', () => openSqliteStore(folder())],
])('%s', (_name, open) => {
  let store: WorldStore
  beforeEach(async () => {
    store = await open()
  })
  afterEach(() => store.close())
  const bytes = (...values: number[]) => Uint8Array.from(values)
  const plain = (roomId: string) => {
    const world = store.load(roomId)
    return world && { ...world, file: [...world.file], entries: world.entries.map((entry) => [...entry]) }
  }

  it('gives back what was saved and appended, in order', () => {
    expect([store.list(), store.load('a')]).toEqual([[], undefined])
    store.save('a', 3, 0, bytes(1, 2))
    store.append('a', 10, bytes(20))
    store.append('a', 5, bytes(5))
    expect(plain('a')!.entries).toHaveLength(2)
    store.save('b', 0, 0, bytes(9))
    expect(plain('a')).toMatchObject({ world: 3, file: [1, 2] })
    expect(plain('b')).toEqual({ world: 0, file: [9], entries: [] })
    expect(store.list()).toEqual(['b', 'a'])
  })

  it('drops the entries that are in the next file, and those of another world', () => {
    store.save('a', 0, 0, bytes(1))
    for (const first of [0, 5, 10]) store.append('a', first, bytes(first))
    store.save('a', 0, 10, bytes(2))
    expect(plain('a')).toEqual({ world: 0, file: [2], entries: [[10]] })
    store.save('a', 1, 0, bytes(3))
    expect(plain('a')).toEqual({ world: 1, file: [3], entries: [] })
  })

  it('forgets what is removed, and keeps nothing of rooms that it does not know', () => {
    store.save('a', 0, 0, bytes(1))
    store.append('a', 0, bytes(1))
    store.remove('a')
    store.append('a', 5, bytes(1))
    expect(plain('a')).toBeUndefined()
    store.save('a', 0, 0, bytes(2))
    expect(plain('a')!.entries).toEqual([])
  })

  it('makes room for new worlds', () => {
    for (let i = 0; i <= MAX_STORED_WORLDS; i++) store.save(`room ${i}`, 0, 0, bytes(1))
    store.save('room 5', 0, 0, bytes(1))
    expect(store.list()).toHaveLength(MAX_STORED_WORLDS)
    expect(store.list()[0]).toBe('room 5')
    expect(store.list()).not.toContain('room 0')
  })
})

describe('SQLite', () => {
  it('still has everything after it was opened again', async () => {
    const dir = folder()
    const store = await openSqliteStore(dir)
    store.save('a', 2, 0, Uint8Array.of(1))
    store.append('a', 0, Uint8Array.of(2))
    store.close()
    const again = await openSqliteStore(dir)
    expect(again.load('a')).toMatchObject({ world: 2, entries: [Uint8Array.of(2)] })
    again.close()
  })

  it('is refused in words when it is taken, damaged, or nowhere', async () => {
    const dir = folder()
    const store = await openSqliteStore(dir)
    await expect(openSqliteStore(dir)).rejects.toMatchObject({ code: 'store-failed', message: /locked/ })
    store.close()
    writeFileSync(join(dir, 'worlds.sqlite'), 'this was a database once, until somebody wrote over it '.repeat(100))
    await expect(openSqliteStore(dir)).rejects.toMatchObject({ code: 'store-failed' })
    const file = join(root, 'file')
    writeFileSync(file, '')
    await expect(openSqliteStore(join(file, 'worlds'))).rejects.toMatchObject({ code: 'store-failed' })
  })
})

describe('the journal', () => {
  /** Plays on, and tells the journal as a session does. */
  async function play(recording: FakeRecording, chunks: number, journal: WorldJournal): Promise<void> {
    const { run } = recording
    const commit = run.commit
    run.commit = (job, result) => {
      commit.call(run, job, result)
      journal.commit(run, { job, result })
    }
    await recording.play(chunks)
    run.commit = commit
  }

  it.each([false, true])(
    'has the world as it was at most a second ago, memory %s',
    async (memory) => {
      const store = new MemoryStore()
      const journal = new WorldJournal(store, 'a', (line) => expect.fail(line))
      const recording = new FakeRecording({ memory })
      await journal.begin(recording.run)
      await play(recording, 38, journal)
      recording.run.addEvent('night falls')
      await play(recording, 5, journal)
      const value = await takeUp(store.load('a')!, recording.manifest)
      expect(value.next).toBe(40)
      expect(value.events).toEqual(['night falls'])

      const copy = new FakeRecording({ memory, value })
      await copy.play(6)
      await recording.play(3)
      expect(copy.value().log).toEqual(recording.value().log)
    },
    60_000,
  )

  it('writes a file each minute and starts anew with another world', async () => {
    const store = new MemoryStore()
    const journal = new WorldJournal(store, 'a', (line) => expect.fail(line))
    const recording = new FakeRecording()
    await journal.begin(recording.run)
    await play(recording, 307, journal)
    await expect.poll(async () => (await readWorld(store.load('a')!.file)).next).toBe(300)
    journal.flush()
    expect((await takeUp(store.load('a')!, recording.manifest)).next).toBe(307)
    const next = new FakeRecording({ index: 1 })
    await journal.begin(next.run)
    expect(store.load('a')!.entries).toEqual([])
    journal.close(true)
    expect(store.list()).toEqual(['a'])
    journal.close(false)
    expect(store.list()).toEqual([])
  }, 60_000)

  it('tells of a store that fails, and goes on when it works again', async () => {
    const store = new MemoryStore()
    const lines: string[] = []
    const journal = new WorldJournal(store, 'a', (line) => lines.push(line))
    const recording = new FakeRecording()
    await journal.begin(recording.run)
    const { append } = store
    store.append = () => {
      throw new Error('database or disk is full')
    }
    await play(recording, 100, journal)
    expect(lines).toEqual([expect.stringMatching(/room a is not kept.*disk is full/)])
    store.append = append
    await play(recording, 205, journal)
    await expect.poll(async () => (await readWorld(store.load('a')!.file)).next).toBe(300)
    journal.flush()
    expect((await takeUp(store.load('a')!, recording.manifest)).next).toBe(305)
  }, 60_000)

  it('stops at a gap, and refuses an entry that is none', async () => {
    const recording = new FakeRecording()
    const store = new MemoryStore()
    const journal = new WorldJournal(store, 'a', () => {})
    await journal.begin(recording.run)
    await play(recording, 15, journal)
    const stored = store.load('a')!
    const [first, , third] = stored.entries
    expect((await takeUp({ ...stored, entries: [first!, third!] }, recording.manifest)).next).toBe(5)
    expect(() => readEntry(Uint8Array.of(1, 2, 3))).toThrow(expect.objectContaining({ code: 'world-invalid' }))
    const entry = readEntry(third!)
    expect(() => applyEntry(new FakeRecording().run, entry)).toThrow(expect.objectContaining({ code: 'world-invalid' }))
    expect(readEntry(writeEntry(entry))).toEqual(entry)
  })
})
