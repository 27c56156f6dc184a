import { describe, expect, it } from 'vitest'
import { brightnessOf, cellOf, cellsOf, cellsWithin, frontOf, shareOf, worldCells } from './view-cells.ts'

const grid = { rows: 20, columns: 32 }

describe('cells of a view', () => {
  it('has what is looked at in its middle', () => {
    const cell = cellOf({ ahead: 1.6, aside: 0, high: 0 }, 45, 60, grid)!
    expect([Math.floor(cell / 32), cell % 32]).toEqual([10, 16])
  })

  it('sees what is right on the right, what is high above, and nothing behind', () => {
    const at = (aside: number, high: number) => cellOf({ ahead: 3, aside, high }, 10, 60, grid)!
    expect(at(1, 1) % 32).toBeGreaterThan(at(-1, 1) % 32)
    expect(at(0, 2)).toBeLessThan(at(0, 1))
    expect(cellOf({ ahead: -3, aside: 0, high: 1.62 }, 0, 60, grid)).toBeUndefined()
    expect(cellOf({ ahead: 1, aside: 9, high: 1.62 }, 0, 60, grid)).toBeUndefined()
  })

  it('keeps the fronts of neighbours apart', () => {
    const fronts = [-1, 0, 1].map((aside) => cellsOf(frontOf(2, aside), 35, 60, grid))
    expect(fronts.every((cells) => cells.length > 6)).toBe(true)
    expect(new Set(fronts.flat()).size).toBe(fronts.flat().length)
  })

  it('leaves out hands and animals', () => {
    const blocks = Uint8Array.of(0, 1, 2, 0)
    const reading = { rows: 2, columns: 2, blocks, inverseDepth: new Float32Array(4) }
    expect(worldCells([0, 1, 2, 3], [reading], ['grass', 'hand', 'pig body'])).toEqual([0, 3])
  })

  it('measures shares and brightness of parts', () => {
    const left = cellsWithin({ rows: 2, columns: 2 }, [0, 1], [0, 0.5])
    expect(left).toEqual([0, 2])
    expect(shareOf(left, (cell) => cell > 0)).toBe(0.5)
    expect(shareOf([], () => true)).toBe(0)
    const frame = new Uint8Array(4 * 4 * 3).fill(100)
    frame.fill(200, 0, 6)
    expect(brightnessOf(frame, 4, { rows: 2, columns: 2 }, [0])).toBeCloseTo(125 + 25, 0)
    expect(brightnessOf(frame, 4, { rows: 2, columns: 2 }, [1, 3])).toBeCloseTo(100)
  })
})
