import type { ModelManifest } from '@sora-world/sdk/protocol'
import { describe, expect, it } from 'vitest'
import { fakeManifest } from '../model/fake-manifest.ts'
import { FakeModel } from '../model/fake-model.ts'
import { InProcessWorker } from '../worker/in-process-worker.ts'
import {
  affordableSteps,
  type ChunkCost,
  estimateChunkMs,
  fewestSteps,
  inSteps,
  keepsUp,
  whyPassedOver,
} from './chunk-cost.ts'
import { measureChunkCost } from './measure-chunk-cost.ts'

/** A chunk is 200 ms: 150 ms are comfortable, 190 ms are real time. */
const manifest = fakeManifest()

function cost(chunkMs: number, passMs: number, steps = 1): ChunkCost {
  return { steps, chunkMs, passMs, samplesMs: [chunkMs] }
}

function withSteps(steps: Partial<ModelManifest['denoiser']['steps']>): ModelManifest {
  return { ...manifest, denoiser: { ...manifest.denoiser, steps: { ...manifest.denoiser.steps, ...steps } } }
}

describe('what a chunk costs', () => {
  it('grows with each step by a pass', () => {
    expect(estimateChunkMs(cost(110, 40), 1)).toBe(110)
    expect(estimateChunkMs(cost(110, 40), 4)).toBe(230)
    expect(estimateChunkMs(cost(110, 40, 2), 1)).toBe(70)
  })

  it('has a guided step in place of two where play is guided', () => {
    const guided = { ...cost(110, 40), guidedMs: 55 }
    expect(estimateChunkMs(guided, 1)).toBe(110)
    expect(estimateChunkMs(guided, 2)).toBe(125)
    expect(estimateChunkMs(guided, 4)).toBe(180)
    expect(affordableSteps(manifest, { ...cost(120, 40), guidedMs: 55 })).toBe(2)
    expect(affordableSteps(manifest, cost(120, 40))).toBe(1)
  })

  it.each([
    ['a fast machine takes the default, not more', 10, 5, 2],
    ['exactly three quarters of the time is still fine', 110, 40, 2],
    ['a little more is not', 110.1, 40, 1],
    ['too slow for any takes the fewest', 900, 400, 1],
  ])('%s', (_, chunkMs, passMs, steps) => {
    expect(affordableSteps(manifest, cost(chunkMs, passMs))).toBe(steps)
  })

  it('chooses only among what the model allows, in whatever order', () => {
    const odd = withSteps({ allowed: [8, 2, 4], default: 4 })
    expect(fewestSteps(odd)).toBe(2)
    expect(affordableSteps(odd, cost(50, 20, 2))).toBe(4)
    expect(affordableSteps(odd, cost(50, 60, 2))).toBe(2)
    expect(affordableSteps(withSteps({ allowed: [4, 8], default: 2 }), cost(10, 1, 4))).toBe(4)
  })

  it('fits into real time as long as the fewest steps take 95 % of it', () => {
    expect(keepsUp(manifest, cost(190, 80))).toBe(true)
    expect(keepsUp(manifest, cost(191, 80))).toBe(false)
  })

  it('is told with its figures and the way out', () => {
    expect(whyPassedOver(manifest, cost(231.4, 80), 'nano')).toBe(
      'fake is too slow for real time here (with 1 step a chunk of 200 ms takes about 231 ms): ' +
        'nano is played instead; "--model fake" insists',
    )
    expect(inSteps(2)).toBe('2 steps')
  })
})

describe('measureChunkCost', () => {
  it('finds the time of a chunk and of a pass, and leaves nothing open', async () => {
    const worker = new InProcessWorker(new FakeModel({ passMs: 20, memory: true }))
    const found = await measureChunkCost(worker, {})
    expect(found.steps).toBe(1)
    // One step and the commit.
    expect(found.passMs).toBeGreaterThan(19)
    expect(found.chunkMs).toBeGreaterThan(2 * found.passMs * 0.9)
    expect(found.samplesMs.length).toBeGreaterThanOrEqual(3)
    const job = { rolloutId: 'measure', index: 9, actions: new Float32Array(0), caption: '' }
    await expect(worker.generate([job])).rejects.toMatchObject({ code: 'room-missing' })
    await worker.stop()
  })

  it('measures a guided step where all of play is guided', async () => {
    const model = new FakeModel({ passMs: 10 })
    const worker = new InProcessWorker(model)
    expect((await measureChunkCost(worker, {})).guidedMs).toBeUndefined()
    model.manifest.denoiser.guidance = { scale: 4, chunks: 15, later: 3 }
    const inTurn = (await measureChunkCost(worker, {})).guidedMs!
    expect(inTurn).toBeGreaterThan(19)
    const aside = Object.assign(model, { denoiseAside: model.denoise.bind(model) })
    expect((await measureChunkCost(new InProcessWorker(aside), {})).guidedMs).toBeLessThan(0.8 * inTurn)
    await worker.stop()
  })

  it('does not go through the many steps of a first view, nor is it guided', async () => {
    const model = new FakeModel({ passMs: 1 })
    model.manifest.denoiser.steps.first = 16
    model.manifest.denoiser.guidance = { scale: 4, chunks: 15 }
    const worker = new InProcessWorker(model)
    const denoise = model.denoise.bind(model)
    let passes = 0
    model.denoise = (input) => {
      passes++
      return denoise(input)
    }
    const { samplesMs } = await measureChunkCost(worker, {})
    // A commit of each chunk behind it, then a step and a commit for each chunk, two of them not counted.
    expect(passes).toBe(model.manifest.denoiser.contextChunks + 2 * (samplesMs.length + 2))
    await worker.stop()
  })
})
