import { describe, expect, it } from 'vitest'
import { areaAverage, cropColumns } from './area-average.ts'
import { playFakeClip } from './fake-clip.ts'
import { fitClip } from './fit-clip.ts'
import { fitForJudge } from './onnx-judges.ts'

const grey = (...values: number[]) => Uint8Array.from(values.flatMap((value) => [value, value, value]))

describe('area average', () => {
  it('weighs old pixels by the area they share with the new one', () => {
    expect(areaAverage(grey(0, 90, 30), { width: 3, height: 1 }, { width: 2, height: 1 })).toEqual(grey(30, 50))
    expect(areaAverage(grey(10, 20, 30, 40), { width: 2, height: 2 }, { width: 1, height: 1 })).toEqual(grey(25))
  })

  it('keeps frames apart', () => {
    const two = grey(0, 0, 200, 200)
    expect(areaAverage(two, { width: 2, height: 1 }, { width: 1, height: 1 })).toEqual(grey(0, 200))
  })

  it('cuts the same columns off both sides', () => {
    expect(cropColumns(grey(1, 2, 3, 4, 5, 6, 7, 8), 4, 2)).toEqual(grey(2, 3, 6, 7))
  })
})

describe('fitting', () => {
  const size = { width: 16, height: 16, latentWidth: 1, latentHeight: 1 }

  it('shrinks to the height, then takes the middle', async () => {
    const clip = await playFakeClip({ chunks: 1 })
    const fitted = fitClip(clip, size)
    expect(fitted.rgb.length).toBe(clip.frames * 16 * 16 * 3)
    // 64x48 becomes 21x16, of which 16 columns stay: 6 of 8 cells.
    expect(fitted.depth).toMatchObject({ rows: 6, columns: 6 })
    expect(fitted.depth.inverse.length).toBe(clip.frames * 36)
    expect(fitClip(clip, { ...size, width: 64, height: 48 })).toBe(clip)
  })

  it('does not enlarge, and does not cut rows', async () => {
    const clip = await playFakeClip({ chunks: 1 })
    expect(() => fitClip(clip, { ...size, width: 96, height: 96 })).toThrow(/fake is 64x48.*96x96: enlarged/)
    expect(() => fitClip(clip, { ...size, width: 64, height: 32 })).toThrow(/too narrow/)
  })

  it.each([
    [
      { width: 128, height: 80 },
      { width: 128, height: 80 },
    ],
    [
      { width: 256, height: 144 },
      { width: 128, height: 72 },
    ],
    [
      { width: 256, height: 160 },
      { width: 128, height: 80 },
    ],
    [
      { width: 80, height: 128 },
      { width: 48, height: 80 },
    ],
    [
      { width: 64, height: 48 },
      { width: 64, height: 48 },
    ],
  ])('gives the judges %o as %o', (picture, expected) => {
    const frames = new Uint8Array(2 * picture.width * picture.height * 3).fill(7)
    const { data, width, height } = fitForJudge(frames, picture, [72, 80])
    expect({ width, height }).toEqual(expected)
    expect(data).toEqual(new Uint8Array(2 * width * height * 3).fill(7))
  })
})
