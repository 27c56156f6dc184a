import { encodeAction } from '@sora-world/sdk/protocol'
import { describe, expect, it } from 'vitest'
import { type DenoiseInput, modelDims } from './denoiser.ts'
import { FakeModel } from './fake-model.ts'
import { readFakeFrame } from './fake-picture.ts'
import { readFakeLatent } from './fake-world.ts'
import { describeWorldModel } from './world-model.conformance.ts'

describeWorldModel('fake model', async () => new FakeModel(), { batch: 1e-6, cached: 1e-6 })

describeWorldModel('fake model with memory', async () => new FakeModel({ memory: true }), { batch: 1e-6, cached: 1e-6 })

describeWorldModel('fake model with depth fusion', async () => new FakeModel({ memory: true, fusion: true }), {
  batch: 1e-6,
  cached: 1e-6,
})

describe('fake model', () => {
  const model = new FakeModel()
  const size = model.manifest.sizes[0]!
  const dims = modelDims(model.manifest, size)
  const buttons = model.manifest.actionSpace.buttons.map((button) => button.name)

  function input(held: string[], yaw: number, time: number, previous?: Float32Array): DenoiseInput {
    const actions = new Float32Array(dims.framesPerChunk * dims.actionWidth)
    for (let frame = 0; frame < dims.framesPerChunk; frame++) {
      const action = { held, axes: { 'camera.yaw': yaw } }
      encodeAction(model.manifest.actionSpace, action, actions, frame * dims.actionWidth)
    }
    const past = new Float32Array(dims.layers * dims.heads * dims.contextChunks * dims.tokens * dims.headDim)
    return {
      size,
      batch: 1,
      chunks: 1,
      noisy: new Float32Array(dims.latentLength).fill(1),
      previous: previous ?? new Float32Array(dims.latentLength),
      sigma: Float32Array.of(1),
      stepSize: Float32Array.of(1),
      actions,
      text: new Float32Array(dims.textTokens * dims.textWidth),
      pooled: new Float32Array(dims.pooledWidth),
      time: Float32Array.of(time),
      mask: Float32Array.of(0, 0, 0, 0, 1),
      pastKey: past,
      pastValue: past,
    }
  }

  it('shows chunk index, keys and turning in the pictures', async () => {
    const first = await model.denoise(input(['forward'], 5, 41))
    const second = await model.denoise(input(['jump', 'use'], -2, 42, first.clean))
    const state = new Float32Array(dims.stateChannels * dims.latentHeight * dims.latentWidth)
    const picture = await model.decode({ size, batch: 1, latent: second.clean, state })
    const seen = readFakeFrame(picture.frames, 0, dims, buttons.length)
    expect(seen.time).toBe(42)
    expect(buttons.filter((_, i) => seen.buttons[i])).toEqual(['jump', 'use'])
    expect(seen.heading).toBeCloseTo(5 * 4 - 2 * 4, 0)
    expect(seen.walked).toBeCloseTo(4 * 0.22, 1)
  })

  it('encodes what it drew', async () => {
    const { clean } = await model.denoise(input(['forward'], 8, 3))
    const state = new Float32Array(dims.stateChannels * dims.latentHeight * dims.latentWidth)
    const { frames } = await model.decode({ size, batch: 1, latent: clean, state })
    const world = readFakeLatent(await model.encode(frames, size), dims, 0, buttons.length)
    expect(world).toMatchObject({ time: 3, pitch: expect.closeTo(0, 0) })
    expect(world.heading).toBeCloseTo(32, 0)
  })

  it('tells worlds apart by their first noise and keeps the difference', async () => {
    const other = { ...input([], 0, 0), noisy: new Float32Array(dims.latentLength).fill(-1) }
    const a = await model.denoise(input([], 0, 0))
    const b = await model.denoise(other)
    expect(a.clean).not.toEqual(b.clean)
    const next = await model.denoise(input([], 0, 1, b.clean))
    expect(next.clean.at(-1)).toBe(b.clean.at(-1))
  })

  it('reports movement as the manifest says', async () => {
    const { pose } = await model.denoise(input(['forward', 'sprint'], 4, 0))
    expect([...pose.slice(0, 6)].map((x) => Number(x.toFixed(3)))).toEqual([0, 0, 0.286, 4, 0, 4])
  })
})
