import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gatherCaches } from '../packages/server/src/cache/gather-caches.ts'
import { KvCache } from '../packages/server/src/cache/kv-cache.ts'
import { type ModelDims, modelDims, type WorldModel } from '../packages/server/src/model/denoiser.ts'
import { openModel } from '../packages/server/src/model/open-model.ts'
import { tokenize } from '../packages/server/src/model/tokenizer.ts'
import { type ChunkContext, commitChunk, mixNoise, sampleChunk } from '../packages/server/src/sampler/sample-chunk.ts'
import { sigmaSchedule } from '../packages/server/src/sampler/schedule.ts'
import { type Fixture, readFixture, readJson } from './golden-fixture.ts'

/**
 * TypeScript and onnxruntime give what Python and PyTorch gave, within a stated tolerance. The fixtures are written
 * together with the package, from the same weights: `python -m sora_world.export.golden`.
 */
const CHUNK_TOLERANCE = 1e-3
/** Twelve chunks that each build on the last: rounding grows along the way. */
const ROLLOUT_TOLERANCE = 2e-2

describe('golden fixtures', () => {
  let model: WorldModel
  let dims: ModelDims
  beforeAll(async () => {
    model = await openModel({ model: 'nano', provider: 'cpu', variant: 'cpu-fp32' })
    dims = modelDims(model.manifest, model.manifest.sizes[0]!)
  })
  afterAll(() => model?.release())

  it('walks the same noise levels', () => {
    const table = readJson<Record<string, { sigmas: number[]; stepSize: number }>>('schedule')
    expect(Object.keys(table)).toEqual(model.manifest.denoiser.steps.allowed.map(String))
    for (const [steps, { sigmas, stepSize }] of Object.entries(table)) {
      expect(sigmaSchedule(Number(steps))).toEqual(sigmas)
      expect(1 / Number(steps)).toBe(stepSize)
    }
  })

  it('splits captions into the same tokens', () => {
    for (const { text, ids } of readJson<{ text: string; ids: number[] }[]>('tokenizer')) {
      expect([...tokenize(text, model.manifest.text)].map(Number), text).toEqual(ids)
    }
  })

  it('encodes a caption to the same numbers', async () => {
    const golden = readFixture('text')
    const tokens = tokenize(golden.values.caption as string, model.manifest.text)
    expect(tokens).toEqual(golden.integers('tokens'))
    const { text, pooled } = await model.encodeText(tokens)
    expect(largestDifference(text, golden.floats('text'))).toBeLessThan(CHUNK_TOLERANCE)
    expect(largestDifference(pooled, golden.floats('pooled'))).toBeLessThan(CHUNK_TOLERANCE)
  })

  it('makes the same denoise step over a part-filled cache', async () => {
    const golden = readFixture('denoise-step')
    const input = (name: string) => golden.floats(`in.${name}`)
    const out = await model.denoise({
      size: model.manifest.sizes[0]!,
      batch: 1,
      chunks: 1,
      noisy: input('noisy'),
      previous: input('previous'),
      sigma: input('sigma'),
      stepSize: input('step_size'),
      actions: input('actions'),
      text: input('text'),
      pooled: input('pooled'),
      time: input('time'),
      mask: input('mask'),
      pastKey: input('past.key'),
      pastValue: input('past.value'),
      memory: golden.has('in.memory') ? input('memory') : undefined,
    })
    expect(largestDifference(out.clean, golden.floats('out.clean'))).toBeLessThan(CHUNK_TOLERANCE)
    expect(largestDifference(out.pose, golden.floats('out.pose'))).toBeLessThan(CHUNK_TOLERANCE)
    expect(largestDifference(out.presentKey, golden.floats('out.present.key'))).toBeLessThan(CHUNK_TOLERANCE)
    expect(largestDifference(out.presentValue, golden.floats('out.present.value'))).toBeLessThan(CHUNK_TOLERANCE)
  })

  it('decodes two chunks in a row and encodes the second', async () => {
    const golden = readFixture('decoder')
    const size = model.manifest.sizes[0]!
    let state: Float32Array = new Float32Array(dims.stateChannels * dims.latentHeight * dims.latentWidth)
    for (const chunk of [0, 1]) {
      expect(largestDifference(state, golden.floats(`${chunk}.state`))).toBeLessThan(CHUNK_TOLERANCE)
      const out = await model.decode({ size, batch: 1, latent: golden.floats(`${chunk}.latent`), state })
      // A value right between two bytes may round either way.
      expect(largestDifference(out.frames, golden.bytes(`${chunk}.frames`))).toBeLessThanOrEqual(1)
      expect(largestDifference(out.inverseDepth, golden.floats(`${chunk}.inverse_depth`))).toBeLessThan(CHUNK_TOLERANCE)
      expect(largestDifference(out.nextState, golden.floats(`${chunk}.next_state`))).toBeLessThan(CHUNK_TOLERANCE)
      state = out.nextState
    }
    const encoded = await model.encode(golden.bytes('1.frames'), size)
    expect(largestDifference(encoded, golden.floats('encoded'))).toBeLessThan(CHUNK_TOLERANCE)
  })

  it('plays the same twelve chunks through the cache, and without it', async () => {
    const golden = readFixture('rollout')
    const latents = await playCached(model, dims, golden)
    const expected = golden.floats('latents')
    latents.forEach((latent, t) => {
      const part = row(expected, latents.length, t)
      expect(largestDifference(latent, part), `chunk ${t}`).toBeLessThan(ROLLOUT_TOLERANCE)
    })
    // Within the window, at its edge, and after the ring has wrapped.
    for (const t of [2, 8, 11]) {
      const uncached = await playUncached(model, dims, golden, latents.slice(0, t))
      expect(largestDifference(uncached, latents[t]!), `chunk ${t} uncached`).toBeLessThan(CHUNK_TOLERANCE)
      const python = row(golden.floats('uncachedLatents'), latents.length, t)
      expect(largestDifference(uncached, python), `chunk ${t} uncached`).toBeLessThan(ROLLOUT_TOLERANCE)
    }
  })
})

/** All chunks of the rollout fixture as the worker plays them, but with the fixture's noise. */
async function playCached(model: WorldModel, dims: ModelDims, golden: Fixture): Promise<Float32Array[]> {
  const chunks = golden.shape('noise')[0]!
  const cache = new KvCache(dims)
  const latents: Float32Array[] = []
  for (let t = 0; t < chunks; t++) {
    const context: ChunkContext = {
      size: model.manifest.sizes[0]!,
      batch: 1,
      previous: latents.at(-1) ?? new Float32Array(dims.latentLength),
      actions: row(golden.floats('actions'), chunks, t),
      text: golden.floats('text'),
      pooled: golden.floats('pooled'),
      time: Float32Array.of(t % model.manifest.denoiser.timePeriod),
      memory: new Float32Array(dims.memoryLength),
      ...gatherCaches([cache]),
    }
    const noise = row(golden.floats('noise'), chunks, t)
    const latent = await sampleChunk(model, noise, { steps: golden.values.steps as number }, context)
    const committed = await commitChunk(model, latent, row(golden.floats('commitNoise'), chunks, t), context)
    cache.commit(t, committed.presentKey, committed.presentValue)
    latents.push(latent)
  }
  return latents
}

/** The chunk after `committed`, everything recomputed: a window over all chunks under a band mask, no cache. */
async function playUncached(
  model: WorldModel,
  dims: ModelDims,
  golden: Fixture,
  committed: readonly Float32Array[],
): Promise<Float32Array> {
  const total = golden.shape('noise')[0]!
  const t = committed.length
  const chunks = t + 1
  const { contextNoise, steps: allowed } = model.manifest.denoiser
  const steps = golden.values.steps as number
  const noised = committed.map((latent, i) =>
    mixNoise(latent, row(golden.floats('commitNoise'), total, i), contextNoise),
  )
  const past = new Float32Array(dims.layers * dims.heads * dims.contextChunks * dims.tokens * dims.headDim)
  let latent = row(golden.floats('noise'), total, t)
  const sigmas = sigmaSchedule(steps)
  for (let step = 0; step < steps; step++) {
    const { clean } = await model.denoise({
      size: model.manifest.sizes[0]!,
      batch: 1,
      chunks,
      noisy: join([...noised, latent]),
      previous: join([new Float32Array(dims.latentLength), ...committed]),
      sigma: Float32Array.from([...committed.map(() => contextNoise), sigmas[step]!]),
      stepSize: Float32Array.from([...committed.map(() => 1 / allowed.max), 1 / steps]),
      actions: golden.floats('actions').slice(0, chunks * dims.framesPerChunk * dims.actionWidth),
      text: join(Array.from({ length: chunks }, () => golden.floats('text'))),
      pooled: join(Array.from({ length: chunks }, () => golden.floats('pooled'))),
      time: Float32Array.from({ length: chunks }, (_, i) => i),
      mask: bandMask(chunks, dims.contextChunks),
      pastKey: past,
      pastValue: past,
      memory: new Float32Array(chunks * dims.memoryLength),
    })
    const target = row(clean, chunks, t)
    const ratio = sigmas[step + 1]! / sigmas[step]!
    latent = latent.map((value, i) => target[i]! + ratio * (value - target[i]!))
  }
  return latent
}

/** [T,W+T]: no cache slot; each chunk sees itself and the W chunks before it, which is what the ring amounts to. */
function bandMask(chunks: number, window: number): Float32Array {
  const out = new Float32Array(chunks * (window + chunks))
  for (let from = 0; from < chunks; from++) {
    for (let to = Math.max(0, from - window); to <= from; to++) out[from * (window + chunks) + window + to] = 1
  }
  return out
}

function row(values: Float32Array, rows: number, at: number): Float32Array {
  const length = values.length / rows
  return values.slice(at * length, (at + 1) * length)
}

function join(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers against ${b.length}`)
  let largest = 0
  for (let i = 0; i < b.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!))
  return largest
}
