import { describe, expect, it } from 'vitest'
import { Pace } from './pace.ts'

/** Plays chunks that take `tookMs` each; says when each was started. */
function play(pace: Pace, chunks: number, tookMs: (chunk: number) => number): number[] {
  const starts: number[] = []
  for (let chunk = 0; chunk < chunks; chunk++) {
    starts.push(pace.startAt)
    pace.delivered(pace.startAt + tookMs(chunk))
  }
  return starts
}

const gaps = (times: readonly number[]) => times.slice(1).map((time, index) => time - times[index]!)

describe('pace', () => {
  it('starts the first chunk at once, and the others as late as they can be made in time', () => {
    const pace = new Pace(200, 200)
    pace.restart(1000)
    const starts = play(pace, 60, () => 50)
    expect(starts[0]).toBe(1000)
    expect(
      gaps(starts)
        .slice(-20)
        .every((gap) => Math.abs(gap - 200) < 1),
    ).toBe(true)
    expect(pace.dueAt - pace.startAt).toBeGreaterThan(50)
    expect(pace.dueAt - pace.startAt).toBeLessThan(80)
  })

  it('slows down when chunks take longer than they last', () => {
    const pace = new Pace(200, 200)
    pace.restart(0)
    expect(gaps(play(pace, 20, () => 300)).slice(2)).toEqual(Array(17).fill(300))
  })

  it('does not catch up in a burst after a stall', () => {
    const pace = new Pace(200, 200)
    pace.restart(0)
    const starts = play(pace, 20, (chunk) => (chunk === 10 ? 1500 : 40))
    expect(Math.min(...gaps(starts).slice(11))).toBeGreaterThan(150)
  })

  it('says how late a chunk is', () => {
    const pace = new Pace(200, 200, 40)
    pace.restart(0)
    expect(pace.delivered(45)).toBe(-5)
    expect(pace.delivered(pace.dueAt + 30)).toBe(30)
  })
})
