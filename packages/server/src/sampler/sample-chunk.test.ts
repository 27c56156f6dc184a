import { describe, expect, it } from 'vitest'
import { gatherCaches } from '../cache/gather-caches.ts'
import { KvCache } from '../cache/kv-cache.ts'
import { modelDims } from '../model/denoiser.ts'
import { FakeModel } from '../model/fake-model.ts'
import { readFakeLatent } from '../model/fake-world.ts'
import { chunkNoise } from './noise.ts'
import { type ChunkContext, commitChunk, sampleChunk } from './sample-chunk.ts'

const model = new FakeModel()
const size = model.manifest.sizes[0]!
const dims = modelDims(model.manifest, size)
const noise = chunkNoise(1, 0, 'initial', dims.latentLength)

function context(): ChunkContext {
  return {
    size,
    batch: 1,
    previous: new Float32Array(dims.latentLength),
    actions: new Float32Array(dims.framesPerChunk * dims.actionWidth),
    text: new Float32Array(dims.textTokens * dims.textWidth),
    pooled: new Float32Array(dims.pooledWidth).fill(0.25),
    time: Float32Array.of(5),
    ...gatherCaches([new KvCache(dims)]),
  }
}

describe('sampleChunk', () => {
  it('recovers the analytic clean latent with any number of steps and leaves the noise alone', async () => {
    const before = noise.slice()
    const results = await Promise.all([1, 2, 4].map((steps) => sampleChunk(model, noise, { steps }, context())))
    for (const latent of results) {
      expect(readFakeLatent(latent, dims, 0, 19)).toMatchObject({ time: 5, hue: expect.closeTo(0.25, 5) })
      latent.forEach((value, i) => {
        expect(value).toBeCloseTo(results[0]![i]!, 5)
      })
    }
    expect(noise).toEqual(before)
  })

  it('walks from sigma 1 down with the step size of the schedule', async () => {
    const seen: number[][] = []
    const spy = new FakeModel()
    const denoise = spy.denoise.bind(spy)
    spy.denoise = (input) => {
      seen.push([input.sigma[0]!, input.stepSize[0]!])
      return denoise(input)
    }
    await sampleChunk(spy, noise, { steps: 4 }, context())
    await commitChunk(spy, noise, noise, context())
    expect(seen).toEqual([
      [1, 0.25],
      [0.75, 0.25],
      [0.5, 0.25],
      [0.25, 0.25],
      [Math.fround(0.1), 1 / 16],
    ])
  })

  it('goes from what the empty caption gives past what the caption gives', async () => {
    // The fake's hue is the mean of the pooled text.
    const hueAt = async (scale?: number) => {
      const pooled = new Float32Array(dims.pooledWidth).fill(0.125)
      const guidance = scale === undefined ? undefined : { scale, text: context().text, pooled }
      const latent = await sampleChunk(model, noise, { steps: 2, guidance }, context())
      return readFakeLatent(latent, dims, 0, 19).hue
    }
    expect(await hueAt()).toBeCloseTo(0.25, 5)
    expect(await hueAt(1)).toBeCloseTo(0.25, 5)
    expect(await hueAt(0)).toBeCloseTo(0.125, 5)
    expect(await hueAt(3)).toBeCloseTo(0.5, 5)
  })

  it('stops between two steps when aborted', async () => {
    const controller = new AbortController()
    const slow = new FakeModel({ passMs: 5 })
    const sampling = sampleChunk(slow, noise, { steps: 4, signal: controller.signal }, context())
    controller.abort(new Error('enough'))
    await expect(sampling).rejects.toThrow('enough')
  })
})
