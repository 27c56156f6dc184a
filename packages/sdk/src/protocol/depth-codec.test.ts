import { expect, it } from 'vitest'
import { decodeDepth, encodeDepth } from './depth-codec.ts'

it('keeps every depth from 1/8 to 128 blocks to 1.4 %', () => {
  const inverse = Float32Array.from({ length: 5000 }, (_, i) => 8 * 1024 ** (-i / 4999))
  const back = decodeDepth(encodeDepth(inverse))
  const worst = Math.max(...back.map((value, i) => Math.abs(value / inverse[i]! - 1)))
  expect(worst).toBeLessThan(0.014)
  expect(worst).toBeGreaterThan(0.01)
})

it('keeps sky as sky, and bends what is out of range', () => {
  const codes = encodeDepth(Float32Array.of(0, -1, 0.001, Number.NaN, 8, 50, Number.POSITIVE_INFINITY))
  expect([...codes]).toEqual([0, 0, 0, 0, 255, 255, 255])
  expect([...decodeDepth(codes)]).toEqual([0, 0, 0, 0, 8, 8, 8].map((value) => expect.closeTo(value, 5)))
})

it('gives every code back', () => {
  const codes = Uint8Array.from({ length: 256 }, (_, code) => code)
  expect(encodeDepth(decodeDepth(codes))).toEqual(codes)
})

it('refuses an array of another length', () => {
  expect(() => decodeDepth(new Uint8Array(3), new Float32Array(4))).toThrowError('depth of 3 samples')
})
