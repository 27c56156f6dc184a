import { afterAll, beforeAll, expect, it } from 'vitest'
import { modelDims } from '../model/denoiser.ts'
import { openModel } from '../model/open-model.ts'
import { InProcessWorker } from './in-process-worker.ts'
import type { ChunkJob, CommittedChunk, RolloutSpec } from './model-worker.ts'

// A rollout that is taken up again after a crash, on the real model, where caches have depth.

let worker: InProcessWorker
let defaults: RolloutSpec
beforeAll(async () => {
  worker = new InProcessWorker(await openModel({ model: 'nano', provider: 'cpu', variant: 'cpu-fp32' }))
  defaults = { id: 'r', size: worker.manifest.sizes[0]!, rngSeed: 3, steps: 1 }
})
afterAll(() => worker?.stop())

function job(index: number): ChunkJob {
  const dims = modelDims(worker.manifest, defaults.size)
  const actions = new Float32Array(dims.framesPerChunk * dims.actionWidth)
  actions[index % actions.length] = 1
  return { rolloutId: 'r', index, actions, caption: index < 10 ? 'a forest' : 'a forest, it starts to rain' }
}

async function makeChunk(index: number): Promise<CommittedChunk> {
  const each = job(index)
  const [made] = await worker.generate([each])
  return { ...each, latent: made!.latent }
}

it('goes on exactly as before from layers * window + 1 chunks, and nearly so from one window', async () => {
  const { layers, contextChunks } = worker.manifest.denoiser
  // A memory would reach farther back than the cache: worker/world-memory.test.ts.
  const spec = { ...defaults, memory: false }
  await worker.open(spec)
  const history: CommittedChunk[] = []
  for (let index = 0; index < layers * contextChunks + 4; index++) history.push(await makeChunk(index))
  const { latent: expected } = await makeChunk(history.length)

  await worker.open(spec, history.slice(-(layers * contextChunks + 1)))
  expect((await makeChunk(history.length)).latent).toEqual(expected)

  await worker.open(spec, history.slice(-contextChunks))
  const { latent: near } = await makeChunk(history.length)
  const squares = near.reduce((sum, value, i) => sum + (value - expected[i]!) ** 2, 0)
  expect(Math.sqrt(squares / near.length)).toBeLessThan(0.1)
})

it('keeps playing when the time of the model wraps around', async () => {
  const { timePeriod } = worker.manifest.denoiser
  await worker.open(defaults)
  for (let index = 0; index <= timePeriod; index++) await makeChunk(index)
  const { latent } = await makeChunk(timePeriod + 1)
  expect(latent.every(Number.isFinite)).toBe(true)
})
