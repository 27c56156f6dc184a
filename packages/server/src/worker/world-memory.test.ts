import { encodeAction } from '@sora-world/sdk/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { modelDims } from '../model/denoiser.ts'
import { MEMORY_SHOWN } from '../model/fake-manifest.ts'
import { FakeModel } from '../model/fake-model.ts'
import { CHANNEL } from '../model/fake-world.ts'
import { InProcessWorker } from './in-process-worker.ts'
import type { ChunkJob, ChunkResult, CommittedChunk, RolloutSpec } from './model-worker.ts'

// The fake with world memory copies what its memory image shows into its latent.

const { manifest } = new FakeModel({ memory: true })
const size = manifest.sizes[0]!
const dims = modelDims(manifest, size)
const CELLS = dims.latentHeight * dims.latentWidth

let model: FakeModel
let worker: InProcessWorker
let decodes: number
beforeEach(() => {
  model = new FakeModel({ memory: true })
  decodes = 0
  const { decode } = model
  model.decode = (input) => {
    decodes++
    return decode.call(model, input)
  }
  worker = new InProcessWorker(model)
})

const spec = (id: string, more: Partial<RolloutSpec> = {}): RolloutSpec => ({ id, size, rngSeed: 5, steps: 1, ...more })

function job(rolloutId: string, index: number, yaw = 0, more: Partial<ChunkJob> = {}): ChunkJob {
  const actions = new Float32Array(dims.framesPerChunk * dims.actionWidth)
  for (let frame = 0; frame < dims.framesPerChunk; frame++) {
    encodeAction(manifest.actionSpace, { held: [], axes: { 'camera.yaw': yaw } }, actions, frame * dims.actionWidth)
  }
  return { rolloutId, index, actions, caption: 'a forest', ...more }
}

async function play(id: string, turns: readonly number[], from = 0): Promise<ChunkResult[]> {
  const results: ChunkResult[] = []
  for (const [i, yaw] of turns.entries()) results.push(...(await worker.generate([job(id, from + i, yaw)])))
  return results
}

/** Red, green, blue, known of each latent cell. */
function shownMemory({ latent }: ChunkResult): number[][] {
  return Array.from({ length: MEMORY_SHOWN }, (_, channel) => {
    const from = (CHANNEL.memory + channel) * CELLS
    return [...latent.subarray(from, from + CELLS)]
  })
}

const meanKnown = (result: ChunkResult) => shownMemory(result)[3]!.reduce((sum, value) => sum + value, 0) / CELLS

/** Colours of a frame, mean over each latent cell, -1..1. */
async function pictureOf(latent: Float32Array, state: Float32Array): Promise<number[][]> {
  const { frames } = await model.decode({ size, batch: 1, latent, state })
  const last = frames.subarray((frames.length / dims.framesPerChunk) * (dims.framesPerChunk - 1))
  const side = dims.width / dims.latentWidth
  const out = Array.from({ length: 3 }, () => new Array<number>(CELLS).fill(0))
  for (let i = 0; i < last.length; i++) {
    const pixel = Math.floor(i / 3)
    const x = Math.floor((pixel % dims.width) / side)
    const y = Math.floor(Math.floor(pixel / dims.width) / side)
    out[i % 3]![y * dims.latentWidth + x]! += (last[i]! / 127.5 - 1) / side ** 2
  }
  return out
}

describe('a rollout with world memory', () => {
  it('shows nothing at first, then what was seen', async () => {
    await worker.open(spec('r'))
    const [first, second] = await play('r', [0, 0])
    expect(
      shownMemory(first!)
        .flat()
        .every((value) => value === 0),
    ).toBe(true)
    const picture = await pictureOf(first!.latent, new Float32Array(dims.stateChannels * CELLS))
    const memory = shownMemory(second!)
    for (const channel of [0, 1, 2]) {
      memory[channel]!.forEach((value, cell) => {
        expect(value).toBeCloseTo(picture[channel]![cell]!, 4)
      })
    }
    expect(meanKnown(second!)).toBeCloseTo(1, 4)
  })

  it('knows again what it turned away from, and not what it never saw', async () => {
    await worker.open(spec('r'))
    // 32 degrees a chunk: 96 to the right, out of view of the first picture, and back.
    const results = await play('r', [0, 8, 8, 8, -8, -8, -8, 0])
    expect(meanKnown(results[1]!)).toBeGreaterThan(0.5)
    expect(meanKnown(results[1]!)).toBeLessThan(0.9)
    expect(meanKnown(results.at(-1)!)).toBeGreaterThan(0.98)
  })

  it('is off when it is switched off', async () => {
    await worker.open(spec('on'))
    await worker.open(spec('off', { memory: false }))
    const [on, off] = [await play('on', [0, 0, 0]), await play('off', [0, 0, 0])]
    for (const result of off)
      expect(
        shownMemory(result)
          .flat()
          .every((value) => value === 0),
      ).toBe(true)
    expect(off.map(({ timings }) => [timings.memoryMs, timings.decodeMs])).toEqual([0, 0, 0].map(() => [0, 0]))
    expect(on.every(({ timings }) => timings.memoryMs > 0 && timings.decodeMs > 0)).toBe(true)
  })

  it('gives each rollout of a batch its own image', async () => {
    for (const id of ['a', 'a alone', 'b', 'b alone', 'off']) await worker.open(spec(id, { memory: id !== 'off' }))
    for (let index = 0; index < 4; index++) {
      const together = await worker.generate([job('a', index, 8), job('off', index), job('b', index, -3)])
      const [a] = await worker.generate([job('a alone', index, 8)])
      const [b] = await worker.generate([job('b alone', index, -3)])
      expect(together[0]!.latent).toEqual(a!.latent)
      expect(together[2]!.latent).toEqual(b!.latent)
      expect(meanKnown(together[1]!)).toBe(0)
      if (index > 0) expect(shownMemory(a!)).not.toEqual(shownMemory(b!))
    }
  })

  it('decodes a chunk once, also when images and frames are asked for', async () => {
    await worker.open(spec('r'))
    const images = { type: 'image/webp' as const, quality: 80 }
    for (const index of [0, 1, 2]) {
      const [result] = await worker.generate([job('r', index, 0, index > 0 ? { images, wantsFrames: true } : {})])
      expect(result!.images?.length).toBe(index > 0 ? 4 : undefined)
      expect(result!.decoded?.frames.length).toBe(index > 0 ? 4 * size.width * size.height * 3 : undefined)
    }
    expect(decodes).toBe(3)
  })

  it('sees the same memory image in every denoise step and in the commit pass', async () => {
    const images: Float32Array[] = []
    const { denoise } = model
    model.denoise = (input) => {
      images.push(input.memory!)
      return denoise.call(model, input)
    }
    await worker.open(spec('r', { steps: 2 }))
    await play('r', [0, 8])
    expect(images).toHaveLength(6)
    expect(images[3]!.some((value) => value !== 0)).toBe(true)
    expect(images[4]).toEqual(images[3])
    expect(images[5]).toEqual(images[3])
  })

  it('takes up again what its history shows', async () => {
    // The first view lies behind the chunks that the cache alone would need, and is looked back at in the end.
    const turns = [0, 0, 0, 8, 8, 8, 8, 0, 0, 0, 0, 0, 0]
    const lookBack = [-8, -8, -8, -8]
    expect(turns.length - 3).toBeGreaterThan(dims.contextChunks * dims.layers + 1)
    await worker.open(spec('r'))
    const results = await play('r', turns)
    const history: CommittedChunk[] = results.map(({ latent }, i) => ({ ...job('r', i, turns[i]), latent }))
    const latentsOf = (played: ChunkResult[]) => played.map(({ latent }) => latent)
    const expected = latentsOf(await play('r', lookBack, turns.length))
    await worker.open(spec('r'), history)
    expect(latentsOf(await play('r', lookBack, turns.length))).toEqual(expected)
    // Shorter: the last views are there, and nothing of before.
    await worker.open(spec('r'), history.slice(-3))
    const [short] = await play('r', [8], turns.length)
    expect(meanKnown(short!)).toBeGreaterThan(0.7)
    await worker.open(spec('r'), history.slice(-1))
    const [shortest] = await play('r', [-8], turns.length)
    expect(meanKnown(shortest!)).toBeLessThan(0.9)
  })

  it('stays as it was when a chunk fails', async () => {
    await worker.open(spec('r'))
    await worker.open(spec('twin'))
    await play('r', [0, 4])
    await play('twin', [0, 4])
    const { decode } = model
    model.decode = () => Promise.reject(new Error('no picture'))
    await expect(worker.generate([job('r', 2, 5)])).rejects.toThrow('no picture')
    model.decode = decode
    expect((await play('r', [5], 2))[0]!.latent).toEqual((await play('twin', [5], 2))[0]!.latent)
  })
})

describe('depth fusion', () => {
  /** How near each cell of the depth channel is. */
  const nearness = ({ latent }: ChunkResult) => latent.subarray(CHANNEL.depth * CELLS)
  let fused: FakeModel
  beforeEach(() => {
    fused = new FakeModel({ memory: true, fusion: true })
    worker = new InProcessWorker(fused)
  })

  it('puts what is remembered into the latent that is sent, decoded and committed', async () => {
    const decoded: Float32Array[] = []
    const committed: Float32Array[] = []
    const { decode, denoise } = fused
    fused.decode = (input) => {
      decoded.push(input.latent)
      return decode.call(fused, input)
    }
    fused.denoise = (input) => {
      if (!input.onlyClean) committed.push(input.noisy)
      return denoise.call(fused, input)
    }
    await worker.open(spec('r'))
    const [first, second] = await play('r', [0, 0])
    expect(nearness(first!).every((value) => value === 0)).toBe(true)
    expect(Math.max(...nearness(second!))).toBeGreaterThan(0.1)
    expect(decoded[1]).toEqual(second!.latent)
    // The commit pass sees it with a tenth of noise.
    const { contextNoise } = fused.manifest.denoiser
    const share = nearness(second!).map((value) => value * (1 - contextNoise))
    const noisy = committed[1]!.subarray(CHANNEL.depth * CELLS)
    const apart = (a: Float32Array, b: Float32Array) => Math.sqrt(a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0))
    expect(apart(noisy, share) / Math.sqrt(CELLS)).toBeLessThan(2 * contextNoise)
  })

  it('is left out where nothing is remembered', async () => {
    await worker.open(spec('r', { memory: false }))
    const results = await play('r', [0, 0])
    for (const result of results) expect(nearness(result).every((value) => value === 0)).toBe(true)
  })
})
