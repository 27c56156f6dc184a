import { expect, it } from 'vitest'
import { dequantiseLatent, quantiseLatent } from './latent-codec.ts'

it('keeps a latent within half a quantisation step', () => {
  const latent = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i) * 4.4)
  const back = dequantiseLatent(quantiseLatent(latent, 4.5), 4.5)
  const worst = Math.max(...latent.map((x, i) => Math.abs(x - back[i]!)))
  expect(worst).toBeLessThanOrEqual(4.5 / 127 / 2 + 1e-6)
})

it('clips what is out of range', () => {
  expect([...quantiseLatent(Float32Array.of(-100, 100), 4.5)]).toEqual([-127, 127])
})

it('refuses an output of another length', () => {
  expect(() => dequantiseLatent(new Int8Array(3), 4.5, new Float32Array(4))).toThrow('does not fit')
})
