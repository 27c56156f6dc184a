import { describe, expect, it } from 'vitest'
import type { ChunkHeader } from '../protocol/index.ts'
import { Percentiles } from './percentiles.ts'
import { StreamStats } from './stream-stats.ts'

const TIMINGS = { queueMs: 1, denoiseMs: 20, commitMs: 5, decodeMs: 0, serverMs: 40 }

function header(change: Partial<ChunkHeader> = {}): ChunkHeader {
  return { timings: TIMINGS, ...change } as ChunkHeader
}

describe('Percentiles', () => {
  it('is empty before the first value', () => {
    expect(new Percentiles().summary()).toEqual({ p50: null, p95: null, count: 0 })
  })

  it('gives values that occurred, of the newest', () => {
    const values = new Percentiles(100)
    for (let value = 1; value <= 200; value++) values.add(value)
    expect(values.summary()).toEqual({ p50: 150, p95: 195, count: 200 })
  })
})

describe('StreamStats', () => {
  it('measures input to photon from the input to the first frame that reflects it', () => {
    const stats = new StreamStats()
    stats.sent(1, 100)
    stats.sent(2, 140)
    stats.sent(3, 150)
    stats.shown(200, 0)
    expect(stats.snapshot(200).inputToPhotonMs.count).toBe(0)
    stats.shown(300, 2)
    stats.shown(350, 2)
    expect(stats.snapshot(350).inputToPhotonMs).toEqual({ p50: 160, p95: 200, count: 2 })
    stats.shown(400, 3)
    expect(stats.snapshot(400).inputToPhotonMs.count).toBe(3)
  })

  it("does not take another driver's frames for an answer", () => {
    const stats = new StreamStats()
    stats.sent(1, 100)
    stats.shown(300, null)
    expect(stats.snapshot(300).inputToPhotonMs.count).toBe(0)
  })

  it('counts how often the world was started anew, not what comes again', () => {
    const stats = new StreamStats()
    stats.chunk(header(), 100)
    stats.chunk(header({ recovery: true }), 300)
    stats.chunk(header({ recovery: true, catchUp: true }), 310)
    expect(stats.snapshot(400).recoveries).toBe(1)
  })

  it('does not count what a pause made late', () => {
    const stats = new StreamStats()
    stats.sent(1, 100)
    stats.chunk(header(), 100)
    stats.interrupt()
    stats.chunk(header(), 9000)
    stats.shown(9000, 1)
    const { inputToPhotonMs, chunkIntervalMs } = stats.snapshot(9000)
    expect([inputToPhotonMs.count, chunkIntervalMs.count]).toEqual([0, 0])
  })

  it('counts frames and bits per second over the last three seconds', () => {
    const stats = new StreamStats()
    for (let ms = 0; ms < 10_000; ms += 50) stats.shown(ms, null)
    for (let ms = 0; ms < 10_000; ms += 200) stats.packet(2500, ms)
    const snapshot = stats.snapshot(10_000)
    expect(snapshot.fps).toBeCloseTo(20, 0)
    expect(snapshot.kbitPerSecond).toBeCloseTo(100, -1)
    expect(snapshot.framesShown).toBe(200)
    expect(stats.snapshot(20_000).fps).toBe(0)
  })

  it('keeps the intervals, the decoding times and the figures of the server', () => {
    const stats = new StreamStats()
    for (const ms of [0, 200, 420]) stats.chunk(header(), ms)
    stats.chunk(header({ catchUp: true }), 421)
    stats.decoded(12)
    stats.roundTrip(3)
    stats.count('drops', 4)
    const snapshot = stats.snapshot(500)
    expect(snapshot.chunkIntervalMs).toEqual({ p50: 200, p95: 220, count: 2 })
    expect(snapshot.serverMs.p50).toBe(40)
    expect(snapshot.decodeMs.p50).toBe(12)
    expect(snapshot.roundTripMs.p50).toBe(3)
    expect(snapshot.server).toEqual(TIMINGS)
    expect([snapshot.chunks, snapshot.drops]).toEqual([4, 4])
  })
})
