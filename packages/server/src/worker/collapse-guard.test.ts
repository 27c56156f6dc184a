import { describe, expect, it } from 'vitest'
import { CollapseGuard, type GuardState } from './collapse-guard.ts'

const [width, height] = [64, 48]

/** Stripes of 16 pixels whose brightness is so far from the middle; grain on top, the player's hand in the corner. */
function view(contrast: number, grain = 0): Uint8Array {
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const x = Math.floor(i / 3) % width
    const y = Math.floor(i / 3 / width)
    if (x > 50 && y > 36) return 90
    const side = Math.floor(x / 16) % 2 === 0 ? 1 : -1
    return 120 + side * contrast + ((x + y) % 2) * grain
  })
}

function watch(guard: CollapseGuard, frame: Uint8Array, chunks: number, pitch = 6): number {
  for (let i = 0; i < chunks; i++) {
    if (guard.isCollapsed) return i
    guard.observe({ frame, width, height, pitch })
  }
  return chunks
}

/** A guard that has seen a good view for ten seconds. */
function experienced(): CollapseGuard {
  const guard = new CollapseGuard()
  watch(guard, view(20), 50)
  expect(guard.state.illness).toBe(0)
  return guard
}

describe('a guard', { timeout: 60_000 }, () => {
  it('lets a lively picture be', () => {
    expect(watch(experienced(), view(20, 5), 1000)).toBe(1000)
  })

  it('notices within six seconds that everything melts into one colour, and suspects it before', () => {
    const guard = experienced()
    watch(guard, view(1), 20)
    expect([guard.isSuspect, guard.isCollapsed]).toEqual([true, false])
    expect(watch(guard, view(1), 1000)).toBeLessThan(10)
  })

  it('notices patterns that grow over everything, unless the world began so', () => {
    const guard = experienced()
    expect(watch(guard, view(20, 15), 1000)).toBeLessThan(35)
    expect(watch(new CollapseGuard(), view(20, 15), 1000)).toBe(1000)
  })

  it.each([0, 255])('notices a picture that is all %i', (level) => {
    expect(watch(experienced(), new Uint8Array(width * height * 3).fill(level), 1000)).toBeLessThan(30)
  })

  it('thinks nothing of a look at a wall, or of a long one at the sky', () => {
    const guard = experienced()
    expect(watch(guard, view(1), 20)).toBe(20)
    expect(guard.isSuspect).toBe(true)
    watch(guard, view(20), 8)
    expect(guard.isSuspect).toBe(false)
    expect(watch(guard, view(0), 1000, -45)).toBe(1000)
  })

  it('asks less and less often for what does not help, and has forgotten that after a good minute', () => {
    const guard = new CollapseGuard()
    const waits: number[] = []
    for (let i = 0; i < 9; i++) {
      waits.push(watch(guard, view(1), 5000))
      guard.recovered()
    }
    expect(waits).toEqual([28, 50, 100, 200, 400, 28, 50, 100, 200])
    watch(guard, view(20), 300)
    watch(guard, view(1), 5000)
    guard.recovered()
    expect(guard.state.patience).toBe(25)
  })

  it('goes on from its state as if nothing had been, also through JSON', () => {
    const guard = experienced()
    watch(guard, view(2, 1), 7)
    const copy = new CollapseGuard(JSON.parse(JSON.stringify(guard.state)) as GuardState)
    for (const each of [guard, copy]) watch(each, view(3), 100)
    expect(copy.state).toEqual(guard.state)
  })
})
