import { describe, expect, it } from 'vitest'
import { framePsnrs, psnr } from './psnr.ts'

describe('psnr', () => {
  it('is 20 log10(255 / d) for pictures that differ by d everywhere', () => {
    const a = new Uint8Array(300).fill(100)
    expect(
      psnr(
        a,
        a.map((value) => value + 16),
      ),
    ).toBeCloseTo(24.05, 2)
  })

  it('is finite for equal pictures', () => {
    expect(psnr(Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3))).toBe(99)
  })

  it('looks at each frame by itself', () => {
    const a = Uint8Array.of(0, 0, 0, 0, 0, 0)
    expect(framePsnrs(a, Uint8Array.of(0, 0, 0, 255, 255, 255), 3)).toEqual([99, 0])
  })
})
