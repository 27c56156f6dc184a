import { describe, expect, it } from 'vitest'
import type { CommittedChunk } from '../worker/model-worker.ts'
import { hashLatent } from './hash-latent.ts'
import { HistoryKeeper } from './history-keeper.ts'
import { LogKeeper, valueAt } from './log-keeper.ts'
import { MAX_LOG_CHUNKS } from './world-header.ts'

const numbers = new Float32Array(1)
const chunk = (index: number): CommittedChunk => ({ index, latent: numbers, actions: numbers, caption: '' })
const mark = (index: number) => ({ index, memory: new Uint8Array(1) })

describe('the history', () => {
  it('is as long as the cache reaches, without memory', () => {
    const keeper = new HistoryKeeper({ reach: 5, hasMemory: false })
    for (let index = 0; index < 20; index++) keeper.add(chunk(index))
    const { chunks, mark: none } = keeper.at(20)!
    expect(chunks.map(({ index }) => index)).toEqual([15, 16, 17, 18, 19])
    expect(none).toBeUndefined()
    expect(keeper.at(19)).toBeUndefined()
  })

  it('is there for earlier moments too, as far as one may go back', () => {
    for (const hasMemory of [false, true]) {
      const keeper = new HistoryKeeper({ reach: 5, hasMemory, rewind: 10 })
      const now: unknown[] = []
      for (let index = 0; index < 60; index++) {
        now.push(keeper.at(index))
        keeper.add(chunk(index), hasMemory && index > 0 && index % 8 === 0 ? mark(index) : undefined)
      }
      for (let next = 50; next < 60; next++) expect(keeper.at(next)).toEqual(now[next])
      expect(keeper.at(30)).toBeUndefined()
    }
  })

  it('begins at the newest mark that leaves the cache its chunks', () => {
    const keeper = new HistoryKeeper({ reach: 5, hasMemory: true })
    const begins: number[] = []
    for (let index = 0; index < 40; index++) {
      keeper.add(chunk(index), index > 0 && index % 8 === 0 ? mark(index) : undefined)
      const { chunks, mark: known } = keeper.at(index + 1)!
      const [first] = chunks
      expect(known?.index ?? 0).toBe(first!.index)
      begins.push(first!.index)
    }
    // Chunk 11 is the last one without which the five before chunk 12 would be incomplete.
    expect([11, 12, 19, 20, 39].map((index) => begins[index])).toEqual([0, 8, 8, 16, 32])
  })

  it('goes on from another', () => {
    const keeper = new HistoryKeeper({ reach: 5, hasMemory: true }, [8, 9, 10, 11, 12].map(chunk), mark(8))
    for (let index = 13; index < 24; index++) keeper.add(chunk(index), index === 16 ? mark(16) : undefined)
    const { chunks, mark: known } = keeper.at(24)!
    expect([known?.index, chunks.length]).toEqual([16, 8])
  })
})

describe('the log', () => {
  const logged = (index: number) => ({
    ...{ actions: Float32Array.of(index, 0), hash: index, batch: (index % 300) + 1 },
    ...{ caption: index < 10 ? 'a' : 'b', maker: { provider: index < 20 ? 'cpu' : 'webgpu', variant: 'x' } },
  })

  it('notes captions and makers when they change, and goes on from a copy', () => {
    const keeper = new LogKeeper()
    for (let index = 0; index < 15; index++) keeper.add(logged(index))
    const copy = new LogKeeper(keeper.value())
    for (let index = 15; index < 30; index++) copy.add(logged(index))
    const log = copy.value()
    expect(log.captions).toEqual([
      { chunk: 0, value: 'a' },
      { chunk: 10, value: 'b' },
    ])
    expect(log.makers.map((entry) => entry.chunk)).toEqual([0, 20])
    expect([...log.actions.subarray(58)]).toEqual([29, 0])
    expect(keeper.next).toBe(15)
    expect(keeper.value().makers).toHaveLength(1)
  })

  it('forgets what is older than an hour', () => {
    const keeper = new LogKeeper()
    for (let index = 0; index <= MAX_LOG_CHUNKS; index++) keeper.add(logged(index))
    const log = keeper.value()
    expect(log.first).toBe(1000)
    expect([log.hashes[0], log.actions[0], log.hashes.length]).toEqual([1000, 1000, MAX_LOG_CHUNKS - 999])
    expect(log.captions).toEqual([{ chunk: 1000, value: 'b' }])
    expect(valueAt(log.makers, 5000).provider).toBe('webgpu')
    expect(keeper.next).toBe(MAX_LOG_CHUNKS + 1)
  })
})

it('the hash of a latent knows every bit of it', () => {
  const latent = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i))
  const hashes = new Set([hashLatent(latent)])
  for (let bit = 0; bit < 64 * 32; bit++) {
    const other = latent.slice()
    const words = new Uint32Array(other.buffer)
    words[bit >> 5]! ^= 1 << (bit & 31)
    hashes.add(hashLatent(other))
  }
  expect(hashes.size).toBe(1 + 64 * 32)
  expect(hashLatent(Float32Array.of(0))).not.toBe(hashLatent(Float32Array.of(-0)))
})
