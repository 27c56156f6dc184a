import { describe, expect, it } from 'vitest'
import { FramePacer } from './frame-pacer.ts'

const FRAME_MS = 50
const REFRESH_MS = 1000 / 60

interface Shown {
  frame: number
  atMs: number
}

interface Play {
  shown: Shown[]
  dropped: number[]
  starved: number
  /** From a chunk's arrival to the refresh that shows its first frame. */
  delays: number[]
}

/** Plays chunks of four frames that arrive at `arrivals`, on a display with 60 refreshes a second. */
function play(arrivals: readonly number[], pacer = new FramePacer<number>({ frameMs: FRAME_MS })): Play {
  const result: Play = { shown: [], dropped: [], starved: 0, delays: [] }
  let chunk = 0
  const endMs = arrivals.at(-1)! + 500
  for (let nowMs = 0; nowMs < endMs; nowMs += REFRESH_MS) {
    while (chunk < arrivals.length && arrivals[chunk]! <= nowMs) {
      const first = chunk * 4
      result.dropped.push(...pacer.arrive([first, first + 1, first + 2, first + 3], arrivals[chunk]!))
      chunk++
    }
    const decision = pacer.next(nowMs)
    if (decision.kind === 'hold') {
      if (decision.starved && chunk < arrivals.length) result.starved++
      continue
    }
    result.dropped.push(...decision.dropped)
    result.shown.push({ frame: decision.frame, atMs: nowMs })
    if (decision.frame % 4 === 0) result.delays.push(nowMs - arrivals[decision.frame / 4]!)
  }
  return result
}

function intervals(shown: readonly Shown[]): number[] {
  return shown.slice(1).map(({ atMs }, index) => atMs - shown[index]!.atMs)
}

function steady(count: number, everyMs: number, late: (chunk: number) => number = () => 0): number[] {
  return Array.from({ length: count }, (_, chunk) => 100 + chunk * everyMs + late(chunk))
}

/** Repeatable numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32
    return state / 2 ** 32
  }
}

describe('FramePacer', () => {
  it('shows all frames of punctual chunks, evenly and without delay', () => {
    const { shown, dropped, delays } = play(steady(50, 200))
    expect(shown.map(({ frame }) => frame)).toEqual(Array.from({ length: 200 }, (_, frame) => frame))
    expect(dropped).toEqual([])
    // Two refreshes apart at least, four at most: 33 to 67 ms around the 50.
    for (const interval of intervals(shown)) expect(interval).toBeGreaterThan(30)
    for (const interval of intervals(shown)) expect(interval).toBeLessThan(70)
    expect(Math.max(...delays)).toBeLessThan(2 * REFRESH_MS)
  })

  it('evens out jitter with a delay that stays below the jitter', () => {
    const rng = random(7)
    const { shown, delays, dropped } = play(steady(200, 200, () => rng() * 40))
    expect(dropped.length).toBeLessThan(8)
    expect(shown.length).toBeGreaterThan(790)
    expect(delays.reduce((sum, delay) => sum + delay, 0) / delays.length).toBeLessThan(40)
    const uneven = intervals(shown).filter((interval) => interval > 85)
    expect(uneven.length).toBeLessThan(10)
  })

  it('shows a late chunk at once and pays the delay back', () => {
    const { delays, starved, shown } = play(steady(40, 200, (chunk) => (chunk === 10 ? 80 : 0)))
    expect(starved).toBeGreaterThan(0)
    // Chunk 10 is shown when it comes; the ones behind it wait for it, and later ones no longer.
    expect(delays[10]).toBeLessThan(2 * REFRESH_MS)
    expect(delays[11]).toBeGreaterThan(50)
    expect(Math.max(...delays.slice(28))).toBeLessThan(2 * REFRESH_MS + 8)
    expect(shown).toHaveLength(160)
  })

  it('slows the world down when chunks take longer, instead of stopping between them', () => {
    const { shown, dropped } = play(steady(50, 280))
    expect(dropped).toEqual([])
    const settled = intervals(shown.slice(60))
    // 280 ms for four frames: 70 each, not 50 50 50 130.
    expect(Math.max(...settled)).toBeLessThan(105)
  })

  it('drops the oldest frames when several chunks come at once', () => {
    const { shown, dropped, delays } = play([100, 300, 900, 905, 910, 1100, 1300, 1500])
    expect(dropped.length).toBeGreaterThan(3)
    expect(shown.length + dropped.length).toBe(32)
    expect(delays.at(-1)).toBeLessThan(160)
    expect(shown.map(({ frame }) => frame)).toEqual(shown.map(({ frame }) => frame).toSorted((a, b) => a - b))
  })

  it('drops what is overtaken when the display was away', () => {
    const pacer = new FramePacer<number>({ frameMs: FRAME_MS })
    pacer.arrive([0, 1, 2, 3], 0)
    expect(pacer.next(1000)).toEqual({ kind: 'show', frame: 3, dropped: [0, 1, 2] })
    expect(pacer.next(1016)).toEqual({ kind: 'hold', starved: true })
  })

  it('does not pile frames up while nobody looks', () => {
    const pacer = new FramePacer<number>({ frameMs: FRAME_MS })
    const dropped: number[] = []
    for (let chunk = 0; chunk < 100; chunk++) dropped.push(...pacer.arrive([0, 1, 2, 3], chunk * 200))
    expect(pacer.queued).toBeLessThan(8)
    expect(dropped.length).toBeGreaterThan(390)
  })

  it('is never starved before the first frame', () => {
    expect(new FramePacer<number>({ frameMs: FRAME_MS }).next(5)).toEqual({ kind: 'hold', starved: false })
  })

  it('hands back what waits when the world changes, and starts at once again', () => {
    const pacer = new FramePacer<number>({ frameMs: FRAME_MS })
    pacer.arrive([0, 1, 2, 3], 0)
    pacer.next(0)
    expect(pacer.clear()).toEqual([1, 2, 3])
    pacer.arrive([10], 20)
    expect(pacer.next(20)).toEqual({ kind: 'show', frame: 10, dropped: [] })
  })

  it('never shows a frame twice nor out of order, whatever the arrivals', () => {
    for (let seed = 0; seed < 200; seed++) {
      const rng = random(seed)
      const arrivals = steady(30, 150 + rng() * 150, () => rng() * rng() * 600).toSorted((a, b) => a - b)
      const { shown, dropped } = play(arrivals)
      const frames = shown.map(({ frame }) => frame)
      expect(frames).toEqual([...new Set(frames)].toSorted((a, b) => a - b))
      expect(new Set([...frames, ...dropped]).size).toBe(frames.length + dropped.length)
    }
  })
})
