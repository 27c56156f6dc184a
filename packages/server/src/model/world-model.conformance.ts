import { type FrameSize, parseManifest } from '@sora-world/sdk/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gatherCaches } from '../cache/gather-caches.ts'
import { KvCache } from '../cache/kv-cache.ts'
import { besideEachOther } from '../sampler/beside-each-other.ts'
import { chunkNoise } from '../sampler/noise.ts'
import { windowMask } from '../sampler/sample-window.ts'
import { type DenoiseInput, type ModelDims, modelDims, type WorldModel } from './denoiser.ts'
import { madeUpMemory } from './made-up-memory.ts'
import { tokenize } from './tokenizer.ts'

/** Difference allowed between two ways to compute the same thing: root mean square, in deviations of a latent. */
export interface Tolerances {
  /** Batch of two against two batches of one. */
  batch: number
  /** Chunks one by one through the cache against all at once under a causal mask. */
  cached: number
}

/** What every WorldModel does, whatever computes it. Run over the fake and over the ONNX model. */
export function describeWorldModel(name: string, open: () => Promise<WorldModel>, tolerances: Tolerances): void {
  describe(name, () => {
    let model: WorldModel
    let size: FrameSize
    let dims: ModelDims
    beforeAll(async () => {
      model = await open()
      size = model.manifest.sizes[0]!
      dims = modelDims(model.manifest, size)
    })
    afterAll(() => model?.release())

    it('has a manifest that the schema accepts', () => {
      expect(parseManifest(JSON.parse(JSON.stringify(model.manifest))).name).toBe(model.manifest.name)
    })

    it('gives outputs of the documented length at every size', async () => {
      for (const each of model.manifest.sizes) {
        const d = modelDims(model.manifest, each)
        const out = await model.denoise(playInput(d, each, 2, 1))
        expect(out.clean).toHaveLength(2 * d.latentLength)
        expect(out.pose).toHaveLength(2 * d.framesPerChunk * d.poseFields)
        expect(out.presentKey).toHaveLength(d.layers * 2 * d.heads * d.tokens * d.headDim)
        expect(out.presentValue).toHaveLength(out.presentKey.length)
        expect(out.clean.every(Number.isFinite)).toBe(true)
        const cells = d.latentHeight * d.latentWidth
        const picture = await model.decode({
          size: each,
          batch: 1,
          latent: out.clean.slice(0, d.latentLength),
          state: new Float32Array(d.stateChannels * cells),
        })
        expect(picture.frames).toHaveLength(d.framesPerChunk * d.height * d.width * 3)
        expect(picture.inverseDepth).toHaveLength(picture.frames.length / 3 / d.depthScale ** 2)
        expect(picture.inverseDepth.every((value) => value >= 0)).toBe(true)
        expect(picture.nextState).toHaveLength(d.stateChannels * cells)
        expect(await model.encode(picture.frames, each)).toHaveLength(d.latentLength)
      }
    })

    it('gives the same numbers for the same inputs', async () => {
      const first = await model.denoise(playInput(dims, size, 1, 3))
      const second = await model.denoise(playInput(dims, size, 1, 3))
      expect(second.clean).toEqual(first.clean)
      expect(second.presentKey).toEqual(first.presentKey)
    })

    it('gives aside, at the same time, what it gives here', async () => {
      if (!model.denoiseAside) return
      const one = { ...playInput(dims, size, 1, 3), onlyClean: true }
      const other = { ...playInput(dims, size, 1, 4), onlyClean: true }
      const [aside, here] = await besideEachOther(
        () => model.denoiseAside!(one),
        () => model.denoise(other),
      )
      expect(aside.clean).toEqual((await model.denoise(one)).clean)
      expect(here.clean).toEqual((await model.denoise(other)).clean)
    })

    it('encodes captions by their words', async () => {
      const encode = (caption: string) => model.encodeText(tokenize(caption, model.manifest.text))
      const forest = await encode('a snowy forest at dusk')
      expect(forest.text).toHaveLength(dims.textTokens * dims.textWidth)
      expect(forest.pooled).toHaveLength(dims.pooledWidth)
      expect(await encode('A snowy, forest at dusk!')).toEqual(forest)
      expect((await encode('a desert')).pooled).not.toEqual(forest.pooled)
    })

    it('keeps the rooms of a batch apart', async () => {
      const both = await model.denoise(playInput(dims, size, 2, 5))
      for (const row of [0, 1]) {
        const alone = await model.denoise(rowOfPlayInput(dims, size, 2, 5, row))
        const part = both.clean.subarray(row * dims.latentLength, (row + 1) * dims.latentLength)
        expect(meanDifference(alone.clean, part)).toBeLessThan(tolerances.batch)
      }
    })

    it('ignores cache slots that are masked', async () => {
      const input = playInput(dims, size, 1, 7)
      const empty = await model.denoise({ ...input, mask: onlyItself(dims) })
      const noisy = { pastKey: chunkNoise(9, 9, 'initial', input.pastKey.length), pastValue: input.pastKey }
      const filled = await model.denoise({ ...input, ...noisy, mask: onlyItself(dims) })
      expect(meanDifference(filled.clean, empty.clean)).toBeLessThan(1e-5)
    })

    it('gives through the cache what it gives all at once under a causal mask', async () => {
      const chunks = Math.min(3, dims.contextChunks)
      const window = windowInput(dims, size, chunks)
      const together = await model.denoise(window)
      const cache = new KvCache(dims)
      for (let t = 0; t < chunks; t++) {
        const alone = await model.denoise({ ...chunkOfWindow(window, t), ...gatherCaches([cache]) })
        cache.commit(t, alone.presentKey, alone.presentValue)
        const part = together.clean.subarray(t * dims.latentLength, (t + 1) * dims.latentLength)
        expect(meanDifference(alone.clean, part)).toBeLessThan(tolerances.cached)
      }
      cache.checkIntegrity()
    })

    it('sees the memory image where the manifest speaks of one', async () => {
      const input = playInput(dims, size, 1, 13)
      const blank = await model.denoise({ ...input, memory: new Float32Array(dims.memoryLength) })
      const seen = await model.denoise(input)
      if (model.manifest.memory) expect(meanDifference(seen.clean, blank.clean)).toBeGreaterThan(1e-4)
      else expect(seen.clean).toEqual(blank.clean)
    })

    it('fuses the depth of each row with its own memory, and leaves the picture as it is', async () => {
      if (!model.fuseDepth) return
      const latent = chunkNoise(4, 0, 'initial', 2 * dims.latentLength)
      const memory = madeUpMemory(dims, 2, 5)
      const both = await model.fuseDepth({ size, batch: 2, latent, memory })
      const depthChannels = model.manifest.latent.depthChannels!
      const picture = (dims.channels - depthChannels) * dims.latentHeight * dims.latentWidth
      for (const row of [0, 1]) {
        const rowOf = (values: Float32Array) => values.slice((row * values.length) / 2, ((row + 1) * values.length) / 2)
        const alone = await model.fuseDepth({ size, batch: 1, latent: rowOf(latent), memory: rowOf(memory) })
        expect(meanDifference(alone, rowOf(both))).toBeLessThan(1e-4)
        expect(alone.subarray(0, picture)).toEqual(rowOf(latent).subarray(0, picture))
        expect(meanDifference(alone.subarray(picture), rowOf(latent).subarray(picture))).toBeGreaterThan(1e-2)
      }
      const wrong = model.fuseDepth({ size, batch: 1, latent, memory })
      await expect(wrong).rejects.toMatchObject({ code: 'internal', message: expect.stringMatching(/fusion: latent/) })
    })

    it('carries the decoder from chunk to chunk in its state', async () => {
      const latent = chunkNoise(3, 0, 'initial', dims.latentLength)
      const state = new Float32Array(dims.stateChannels * dims.latentHeight * dims.latentWidth)
      const first = await model.decode({ size, batch: 1, latent, state })
      const second = await model.decode({ size, batch: 1, latent, state: first.nextState })
      expect(first.nextState).not.toEqual(state)
      expect(await model.decode({ size, batch: 1, latent, state })).toEqual(first)
      expect(second.frames).toHaveLength(first.frames.length)
    })

    it('refuses a tensor of a wrong length by name', async () => {
      const input = playInput(dims, size, 1, 1)
      const wrong = model.denoise({ ...input, actions: input.actions.subarray(1) })
      await expect(wrong).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('actions') })
      const memory = new Float32Array(dims.memoryLength + 1)
      await expect(model.denoise({ ...input, memory })).rejects.toThrow(/denoiser: memory/)
      const state = new Float32Array(1)
      const latent = input.noisy
      await expect(model.decode({ size, batch: 1, latent, state })).rejects.toThrow(/decoder: state/)
    })
  })
}

/** Inputs of T = 1 play with a cache half full of plausible numbers, different in every row. */
function playInput(dims: ModelDims, size: FrameSize, batch: number, rngSeed: number): DenoiseInput {
  const past = dims.layers * batch * dims.heads * dims.contextChunks * dims.tokens * dims.headDim
  const normal = (chunk: number, length: number) => chunkNoise(rngSeed, chunk, 'initial', length)
  const half = Math.ceil(dims.contextChunks / 2)
  const mask = Array.from({ length: dims.contextChunks + 1 }, (_, j) => (j < half || j === dims.contextChunks ? 1 : 0))
  return {
    size,
    batch,
    chunks: 1,
    noisy: normal(0, batch * dims.latentLength),
    previous: normal(1, batch * dims.latentLength),
    sigma: new Float32Array(batch).fill(0.5),
    stepSize: new Float32Array(batch).fill(0.5),
    actions: normal(2, batch * dims.framesPerChunk * dims.actionWidth).map((x) => Math.max(-1, Math.min(1, x))),
    text: normal(3, batch * dims.textTokens * dims.textWidth),
    pooled: normal(4, batch * dims.pooledWidth).map((x) => Math.max(-1, Math.min(1, x))),
    time: Float32Array.from({ length: batch }, (_, b) => half + b),
    mask: Float32Array.from(Array.from({ length: batch }, () => mask).flat()),
    pastKey: normal(5, past),
    pastValue: normal(6, past).map(Math.abs),
    memory: madeUpMemory(dims, batch, rngSeed),
  }
}

function rowOfPlayInput(dims: ModelDims, size: FrameSize, batch: number, rngSeed: number, row: number): DenoiseInput {
  const all = playInput(dims, size, batch, rngSeed)
  const cut = (values: Float32Array) => {
    const length = values.length / batch
    return values.slice(row * length, (row + 1) * length)
  }
  const cutPast = (values: Float32Array) => {
    const length = values.length / (dims.layers * batch)
    const layers = Array.from({ length: dims.layers }, (_, layer) => (layer * batch + row) * length)
    return Float32Array.from(layers.flatMap((from) => [...values.subarray(from, from + length)]))
  }
  return {
    size,
    batch: 1,
    chunks: 1,
    noisy: cut(all.noisy),
    previous: cut(all.previous),
    sigma: cut(all.sigma),
    stepSize: cut(all.stepSize),
    actions: cut(all.actions),
    text: cut(all.text),
    pooled: cut(all.pooled),
    time: cut(all.time),
    mask: cut(all.mask),
    pastKey: cutPast(all.pastKey),
    pastValue: cutPast(all.pastValue),
    memory: cut(all.memory!),
  }
}

/** A causal window of T chunks from the start of a world, no cache before it. */
function windowInput(dims: ModelDims, size: FrameSize, chunks: number): DenoiseInput {
  const base = playInput(dims, size, chunks, 11)
  const past = dims.layers * dims.heads * dims.contextChunks * dims.tokens * dims.headDim
  return {
    ...base,
    batch: 1,
    chunks,
    sigma: new Float32Array(chunks).fill(0.1),
    stepSize: new Float32Array(chunks).fill(1 / 16),
    time: Float32Array.from({ length: chunks }, (_, t) => t),
    mask: windowMask(chunks, 'causal', new Float32Array(dims.contextChunks)),
    pastKey: new Float32Array(past),
    pastValue: new Float32Array(past),
  }
}

function chunkOfWindow(window: DenoiseInput, t: number): DenoiseInput {
  const cut = (values: Float32Array) => {
    const length = values.length / window.chunks
    return values.slice(t * length, (t + 1) * length)
  }
  return {
    ...window,
    chunks: 1,
    noisy: cut(window.noisy),
    previous: cut(window.previous),
    sigma: cut(window.sigma),
    stepSize: cut(window.stepSize),
    actions: cut(window.actions),
    text: cut(window.text),
    pooled: cut(window.pooled),
    time: cut(window.time),
    memory: cut(window.memory!),
  }
}

function onlyItself(dims: ModelDims): Float32Array {
  const mask = new Float32Array(dims.contextChunks + 1)
  mask[dims.contextChunks] = 1
  return mask
}

function meanDifference(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length)
}
