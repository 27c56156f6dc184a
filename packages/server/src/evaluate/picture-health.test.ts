import { describe, expect, it } from 'vitest'
import { hasCollapsed, meanHealth, pictureHealth } from './picture-health.ts'

const size = { width: 8, height: 6 }
const draw = (pixel: (x: number, y: number) => number) =>
  Uint8Array.from({ length: size.width * size.height * 3 }, (_, i) => {
    const at = Math.floor(i / 3)
    return pixel(at % size.width, Math.floor(at / size.width))
  })
const health = (pixel: (x: number, y: number) => number) => pictureHealth(draw(pixel), size)

describe('picture health', () => {
  it('measures detail and colour', () => {
    expect(health(() => 80)).toEqual({ detail: 0, colour: [80, 80, 80] })
    const board = health((x, y) => ((x + y) % 2) * 100)
    expect(board.detail).toBeCloseTo(100 ** 2)
    expect(board.colour[0]).toBe(50)
    // Steps across but none down.
    expect(health((x) => x * 10).detail).toBeCloseTo(100 / 2)
    expect(meanHealth([board, health(() => 80)])).toEqual({ detail: board.detail / 2, colour: [65, 65, 65] })
  })

  it('tells smear, noise and saturation from an ordinary change', () => {
    const start = health((x, y) => 100 + ((x + y) % 2) * 20)
    expect(
      hasCollapsed(
        start,
        health((x, y) => 30 + ((x + y) % 2) * 15),
      ),
    ).toBe(false)
    expect(
      hasCollapsed(
        start,
        health((x, y) => 100 + ((x + y) % 2) * 8),
      ),
    ).toBe(true)
    expect(
      hasCollapsed(
        start,
        health((x, y) => 100 + ((x + y) % 2) * 60),
      ),
    ).toBe(true)
    expect(
      hasCollapsed(
        start,
        health((x, y) => 235 + ((x + y) % 2) * 20),
      ),
    ).toBe(false)
    expect(
      hasCollapsed(
        { ...start, detail: 0 },
        health(() => 254),
      ),
    ).toBe(true)
    expect(
      hasCollapsed(
        { ...start, detail: 0 },
        health(() => 2),
      ),
    ).toBe(true)
  })
})
