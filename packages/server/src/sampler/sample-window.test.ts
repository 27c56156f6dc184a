import { describe, expect, it } from 'vitest'
import { type ModelDims, modelDims } from '../model/denoiser.ts'
import { FakeModel } from '../model/fake-model.ts'
import { readFakeLatent, writeFakeLatent } from '../model/fake-world.ts'
import { chunkNoise } from './noise.ts'
import { sampleWindow, type WindowChunk, windowMask } from './sample-window.ts'

const model = new FakeModel()
const size = model.manifest.sizes[0]!
const dims: ModelDims = modelDims(model.manifest, size)

function chunk(index: number, more: Partial<WindowChunk> = {}): WindowChunk {
  return {
    index,
    actions: new Float32Array(dims.framesPerChunk * dims.actionWidth),
    text: new Float32Array(dims.textTokens * dims.textWidth),
    pooled: new Float32Array(dims.pooledWidth),
    startSigma: 1,
    noise: chunkNoise(1, index, 'initial', dims.latentLength),
    ...more,
  }
}

function knownLatent(heading: number): Float32Array {
  const out = new Float32Array(dims.latentLength)
  const world = { time: 0, buttons: [], heading, pitch: 0, walked: 0, hue: 0, attended: 0 }
  writeFakeLatent(world, dims, out, 0)
  return out
}

describe('windowMask', () => {
  const none = new Float32Array(2)
  it('is causal, full, or anything', () => {
    expect([...windowMask(2, 'causal', none)]).toEqual([0, 0, 1, 0, 0, 0, 1, 1])
    expect([...windowMask(2, 'full', none)]).toEqual([0, 0, 1, 1, 0, 0, 1, 1])
    expect([...windowMask(2, (from, to) => to > from, Float32Array.of(1, 0))]).toEqual([1, 0, 1, 1, 1, 0, 0, 1])
  })
})

describe('sampleWindow', () => {
  it('makes all chunks from noise, each at its own time', async () => {
    const latents = await sampleWindow(model, { size, steps: 2, mask: 'full', chunks: [chunk(3), chunk(4), chunk(5)] })
    expect(latents.map((latent) => readFakeLatent(latent, dims, 0, 19).time)).toEqual([3, 4, 5])
  })

  it('returns given chunks untouched and continues from them', async () => {
    const given = knownLatent(40)
    const chunks = [chunk(0, { latent: given, startSigma: 0 }), chunk(1), chunk(2)]
    const latents = await sampleWindow(model, { size, steps: 4, mask: 'causal', chunks })
    expect(latents[0]).toEqual(given)
    expect(readFakeLatent(latents[1]!, dims, 0, 19).heading).toBeCloseTo(40, 3)
    // The chunk before chunk 2 was unknown while it was made: zeros by contract.
    expect(readFakeLatent(latents[2]!, dims, 0, 19).heading).toBeCloseTo(0, 3)
  })

  it('gives each chunk its own sigma: context noise, full noise, half noise', async () => {
    const seen: { sigma: number[]; stepSize: number[] }[] = []
    const spy = new FakeModel()
    const denoise = spy.denoise.bind(spy)
    spy.denoise = (input) => {
      seen.push({ sigma: [...input.sigma], stepSize: [...input.stepSize] })
      return denoise(input)
    }
    const latent = knownLatent(0)
    const chunks = [chunk(0, { latent, startSigma: 0 }), chunk(1), chunk(2, { latent, startSigma: 0.5 })]
    await sampleWindow(spy, { size, steps: 2, mask: 'full', chunks })
    const context = Math.fround(0.1)
    expect(seen).toEqual([
      { sigma: [context, 1, 0.5], stepSize: [1 / 16, 0.5, 0.25] },
      { sigma: [context, 0.5, 0.25], stepSize: [1 / 16, 0.5, 0.25] },
    ])
  })

  it('stops when aborted', async () => {
    const input = { size, steps: 1, mask: 'full' as const, chunks: [chunk(0)] }
    await expect(sampleWindow(model, input, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  })
})
