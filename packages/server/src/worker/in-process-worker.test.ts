import { describe, expect, it } from 'vitest'
import { FakeModel } from '../model/fake-model.ts'
import { InProcessWorker } from './in-process-worker.ts'
import { describeModelWorker } from './model-worker.conformance.ts'

describeModelWorker('in-process worker', async () => new InProcessWorker(new FakeModel()))

describe('in-process worker', () => {
  const size = new FakeModel().manifest.sizes[0]!
  const job = { rolloutId: 'r', index: 0, actions: new Float32Array(4 * 21), caption: '' }

  it('stops between two steps when aborted and leaves the rollout as it was', async () => {
    const worker = new InProcessWorker(new FakeModel({ passMs: 5 }))
    await worker.open({ id: 'r', size, rngSeed: 1, steps: 4 })
    const controller = new AbortController()
    const running = worker.generate([job], controller.signal)
    setTimeout(() => controller.abort(new Error('enough')), 8)
    await expect(running).rejects.toThrow('enough')
    expect((await worker.generate([job]))[0]!.index).toBe(0)
  })

  it('spends more denoise steps on the first view of a world where the manifest says so', async () => {
    const model = new FakeModel()
    model.manifest.denoiser.steps.first = 8
    const worker = new InProcessWorker(model)
    for (const id of ['r', 'other']) await worker.open({ id, size, rngSeed: 1, steps: 2 })
    const denoise = model.denoise.bind(model)
    const batches: number[] = []
    model.denoise = (input) => {
      batches.push(input.batch)
      return denoise(input)
    }
    await worker.generate([job])
    expect(batches).toHaveLength(8 + 1)
    batches.length = 0
    // A first view and a second chunk cannot share a batch.
    await worker.generate([
      { ...job, index: 1 },
      { ...job, rolloutId: 'other' },
    ])
    expect(batches).toEqual(new Array(3 + 9).fill(1))
  })

  it('does not let a number that is not finite into a world', async () => {
    const model = new FakeModel()
    const worker = new InProcessWorker(model)
    await worker.open({ id: 'r', size, rngSeed: 1, steps: 1 })
    const { denoise } = model
    model.denoise = async (input) => {
      const out = await denoise.call(model, input)
      out.clean[3] = Number.NaN
      return out
    }
    await expect(worker.generate([job])).rejects.toMatchObject({ code: 'internal' })
    model.denoise = denoise
    expect((await worker.generate([job]))[0]!.index).toBe(0)
  })
})
