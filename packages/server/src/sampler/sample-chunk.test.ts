import { describe, expect, it } from 'vitest'
import { gatherCaches } from '../cache/gather-caches.ts'
import { KvCache } from '../cache/kv-cache.ts'
import { type DenoiseInput, modelDims } from '../model/denoiser.ts'
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

  describe('with a model that gives 1 without a caption and 3 with one', () => {
    function stub(): FakeModel {
      const model = new FakeModel()
      model.manifest.latent = { ...model.manifest.latent, depthChannels: 2 }
      model.denoise = async ({ pooled, noisy }) => ({
        clean: new Float32Array(noisy.length).fill(pooled[0] === 0 ? 1 : 3),
        pose: noisy,
        presentKey: noisy,
        presentValue: noisy,
      })
      return model
    }
    const guidance = { scale: 2, text: context().text, pooled: new Float32Array(dims.pooledWidth) }

    it('leaves the channels of depth as the caption gives them', async () => {
      const both = { ...context(), batch: 2, pooled: new Float32Array(2 * dims.pooledWidth).fill(0.25) }
      const latent = await sampleChunk(stub(), new Float32Array(2 * noise.length), { steps: 1, guidance }, both)
      const cells = dims.latentHeight * dims.latentWidth
      const picture = new Array((dims.channels - 2) * cells).fill(5)
      const depth = new Array(2 * cells).fill(3)
      expect([...latent]).toEqual([...picture, ...depth, ...picture, ...depth])
    })

    it('has the pass without a caption made aside where there is a thread for it, begun before the other', async () => {
      const order: string[] = []
      const model = stub()
      const { denoise } = model
      model.denoise = async (input) => {
        order.push('here')
        return denoise(input)
      }
      const aside = Object.assign(model, {
        denoiseAside: async (input: DenoiseInput) => {
          order.push('aside')
          return denoise(input)
        },
      })
      const latent = await sampleChunk(aside, noise, { steps: 1, guidance }, context())
      expect(order).toEqual(['aside', 'here'])
      expect(latent[0]).toBe(5)
      const broken = Object.assign(model, { denoiseAside: () => Promise.reject(new Error('thread gone')) })
      await expect(sampleChunk(broken, noise, { steps: 1, guidance }, context())).rejects.toThrow('thread gone')
    })
  })

  it('stops between two steps when aborted', async () => {
    const controller = new AbortController()
    const slow = new FakeModel({ passMs: 5 })
    const sampling = sampleChunk(slow, noise, { steps: 4, signal: controller.signal }, context())
    controller.abort(new Error('enough'))
    await expect(sampling).rejects.toThrow('enough')
  })
})
