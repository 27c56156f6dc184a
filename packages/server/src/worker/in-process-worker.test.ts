import { describe, expect, it } from 'vitest'
import { modelDims } from '../model/denoiser.ts'
import { FakeModel } from '../model/fake-model.ts'
import { readFakeLatent } from '../model/fake-world.ts'
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

  it('is guided to the caption at the start of a world and after a change, and nowhere else', async () => {
    const model = new FakeModel()
    model.manifest.denoiser.guidance = { scale: 3, chunks: 2 }
    const worker = new InProcessWorker(model)
    const denoise = model.denoise.bind(model)
    let passes: string[] = []
    let guided: boolean[] = []
    model.denoise = (input) => {
      passes.push(input.pooled.join())
      return denoise(input)
    }
    const passesOf = async (rolloutId: string, captions: readonly string[], first = 0) => {
      const counts: number[] = []
      guided = []
      for (const [i, caption] of captions.entries()) {
        passes = []
        await worker.generate([{ ...job, rolloutId, index: first + i, caption }])
        counts.push(passes.length)
        guided.push(new Set(passes).size > 1)
      }
      return counts
    }
    const spec = { size, rngSeed: 1, steps: 4 }
    await worker.open({ ...spec, id: 'told' })
    // Guided, a step is two passes. The first view takes all of its steps, later ones half of them; and the commit pass.
    expect(await passesOf('told', ['a', 'a', 'a', 'b', 'b', 'b'])).toEqual([9, 5, 5, 5, 5, 5])
    expect(guided).toEqual([true, true, false, true, true, false])
    await worker.branch('told', 'branch')
    await passesOf('branch', ['b', 'c'], 6)
    expect(guided).toEqual([false, true])
    await worker.open({ ...spec, id: 'untold' })
    await passesOf('untold', ['', ''])
    expect(guided).toEqual([false, false])
    // A world that is taken up again knows how old its caption is.
    const known = { actions: job.actions, latent: new Float32Array(modelDims(model.manifest, size).latentLength) }
    const history = ['a', 'a', 'b'].map((caption, index) => ({ ...known, caption, index }))
    await worker.open({ ...spec, id: 'taken up' }, history)
    await passesOf('taken up', ['b', 'b'], 3)
    expect(guided).toEqual([true, false])
  })

  it('is guided less in between, where the manifest says so and there is more than one step', async () => {
    const model = new FakeModel()
    model.manifest.denoiser.guidance = { scale: 5, chunks: 2, later: 3 }
    const worker = new InProcessWorker(model)
    const denoise = model.denoise.bind(model)
    let passes = 0
    let hue = Number.NaN
    model.denoise = async (input) => {
      passes++
      const out = await denoise(input)
      return { ...out, clean: out.clean.slice() }
    }
    const passesOf = async (rolloutId: string, captions: readonly string[]) => {
      const counts: number[] = []
      for (const [index, caption] of captions.entries()) {
        passes = 0
        const [result] = await worker.generate([{ ...job, rolloutId, index, caption }])
        hue = readFakeLatent(result!.latent, modelDims(model.manifest, size), 0, 19).hue
        counts.push(passes)
      }
      return counts
    }
    await worker.open({ id: 'two', size, rngSeed: 1, steps: 2 })
    // First view: two guided steps; then always one guided step; and the commit pass.
    expect(await passesOf('two', ['a', 'a', 'b', 'b', 'b'])).toEqual([5, 3, 3, 3, 3])
    const later = hue
    await worker.open({ id: 'young', size, rngSeed: 1, steps: 2 })
    await passesOf('young', ['a', 'a', 'b'])
    expect(hue).not.toBeCloseTo(later, 3)
    await worker.open({ id: 'one', size, rngSeed: 1, steps: 1 })
    expect(await passesOf('one', ['a', 'a', 'b', 'b', 'b'])).toEqual([3, 2, 3, 3, 2])
    await worker.open({ id: 'untold', size, rngSeed: 1, steps: 2 })
    expect(await passesOf('untold', ['', ''])).toEqual([3, 3])
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
