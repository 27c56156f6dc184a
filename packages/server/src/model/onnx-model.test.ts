import { describe, expect, it } from 'vitest'
import { modelDims } from './denoiser.ts'
import { findModelPackage } from './find-package.ts'
import { readManifest } from './load-package.ts'
import { OnnxModel } from './onnx-model.ts'
import { openModel } from './open-model.ts'
import { describeWorldModel } from './world-model.conformance.ts'

// Rounding differs with the shape of a matrix product; int8 also scales activations by the whole batch.
describeWorldModel('nano cpu-fp32', () => openModel({ model: 'nano', provider: 'cpu', variant: 'cpu-fp32' }), {
  batch: 1e-4,
  cached: 1e-4,
})
describeWorldModel('nano cpu-int8', () => openModel({ model: 'nano', provider: 'cpu', variant: 'cpu-int8' }), {
  batch: 0.1,
  cached: 0.12, // measured with nano 0.2.0: 0.106
})

it('has a thread for passes aside where there are cores for it', async () => {
  const threads = async (count: number) => {
    const model = await openModel({ model: 'nano', provider: 'cpu', threads: count })
    await model.release()
    return model.denoiseAside !== undefined
  }
  expect(await threads(1)).toBe(false)
  expect(await threads(2)).toBe(true)
})

describe('a model with depth channels', () => {
  const depths = async (told?: (index: number) => number, length?: number) => {
    const model = await openModel({ model: 'voxel', provider: 'cpu', variant: 'cpu-fp32', threads: 1 })
    const size = model.manifest.sizes[0]!
    const d = modelDims(model.manifest, size)
    const frames = new Uint8Array(d.framesPerChunk * d.height * d.width * 3).fill(90)
    const places = (d.framesPerChunk * d.height * d.width) / d.depthScale ** 2
    const inverse = told && Float32Array.from({ length: length ?? places }, (_, i) => told(i))
    const latent = await model.encode(frames, size, 1, inverse).finally(() => model.release())
    const state = new Float32Array(d.stateChannels * d.latentHeight * d.latentWidth)
    const decoded = await model.decode({ size, batch: 1, latent, state })
    await model.release()
    return { picture: latent.slice(0, -d.latentHeight * d.latentWidth * 8), ...decoded }
  }

  it('gives back the depth that it was told, whatever the picture looks like', async () => {
    const near = await depths(() => 1 / 4)
    const far = await depths(() => 1 / 20)
    expect(near.picture).toEqual(far.picture)
    expect(near.frames).toEqual(far.frames)
    for (const [{ inverseDepth }, distance] of [[near, 4] as const, [far, 20] as const]) {
      const errors = inverseDepth.map((inverse) => Math.abs(1 / inverse / distance - 1)).toSorted()
      expect(errors[errors.length >> 1]).toBeLessThan(0.15)
    }
  })

  it('guesses where it was told nothing', async () => {
    const [silent, zeros] = [await depths(), await depths(() => 0)]
    expect(zeros.inverseDepth).toEqual(silent.inverseDepth)
    expect(silent.inverseDepth).not.toEqual((await depths(() => 1 / 4)).inverseDepth)
  })

  it('refuses depth of another size', async () => {
    await expect(depths(() => 1, 7)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/inverse depth has 7 numbers/),
    })
  })
})

describe('depth fusion that a package has ready', () => {
  const median = (values: Float32Array) => values.toSorted()[values.length >> 1]!
  /** Median distance of a grey chunk that was told `told` blocks, after fusion with a memory of the same grey at `known`. */
  const fused = async (told: number, known: number | undefined) => {
    const dir = findModelPackage('voxel')
    const shipped = await readManifest(dir)
    const manifest = { ...shipped, memory: { ...shipped.memory!, fusion: 'fusion.onnx' } }
    const model = new OnnxModel({ dir, manifest, provider: 'cpu', variant: 'cpu-fp32', threads: 1 })
    try {
      const size = model.manifest.sizes[0]!
      const d = modelDims(model.manifest, size)
      const frames = new Uint8Array(d.framesPerChunk * d.height * d.width * 3).fill(90)
      const places = (d.framesPerChunk * d.height * d.width) / d.depthScale ** 2
      const latent = await model.encode(frames, size, 1, new Float32Array(places).fill(1 / told))
      const pixels = d.memoryHeight * d.memoryWidth
      const view = known
        ? [...new Array<number>(3).fill(90 / 127.5 - 1), 1, 1 / known, 1 / 64]
        : new Array<number>(6).fill(0)
      const memory = new Float32Array(d.memoryLength).map((_, i) => view[Math.floor(i / pixels) % view.length]!)
      const state = new Float32Array(d.stateChannels * d.latentHeight * d.latentWidth)
      const of = async (latent: Float32Array) => model.decode({ size, batch: 1, latent, state })
      const made = await of(await model.fuseDepth!({ size, batch: 1, latent, memory }))
      const before = await of(latent)
      expect(made.frames).toEqual(before.frames)
      return { before: 1 / median(before.inverseDepth), after: 1 / median(made.inverseDepth) }
    } finally {
      await model.release()
    }
  }

  it('brings a surface to where it is remembered, and leaves it where nothing is', async () => {
    const nearer = await fused(6, 5)
    expect(Math.abs(nearer.after - 5)).toBeLessThan(Math.abs(nearer.before - 5))
    const farther = await fused(6, 7)
    expect(Math.abs(farther.after - 7)).toBeLessThan(Math.abs(farther.before - 7))
    const alone = await fused(6, undefined)
    expect(Math.abs(alone.after / alone.before - 1)).toBeLessThan(0.15)
  })
})

describe('openModel', () => {
  it('finds the shipped package by name and by path', () => {
    expect(findModelPackage('nano')).toMatch(/assets[\\/]nano$/)
    expect(findModelPackage(findModelPackage('nano'))).toBe(findModelPackage('nano'))
  })

  it('refuses a graph and a manifest that do not agree about world memory', async () => {
    const dir = findModelPackage('nano')
    const manifest = await readManifest(dir)
    const memory = manifest.memory ? null : { scale: 2, channels: 24, maxPoints: 32_768 }
    const source = { dir, manifest: { ...manifest, memory }, provider: 'cpu', variant: 'cpu-fp32', threads: 1 } as const
    await expect(new OnnxModel(source).warmUp()).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(/denoiser of "nano" .* input "memory"/),
    })
  })

  it('says why CUDA cannot start where it is not bundled', async () => {
    await expect(openModel({ model: 'nano', provider: 'cuda' })).rejects.toMatchObject({
      code: 'provider-unavailable',
      message: expect.stringMatching(/cuda: .+/),
    })
  })

  it('takes what really starts with provider auto', async () => {
    const model = await openModel({ model: 'nano' })
    expect(['cpu', 'webgpu', 'cuda']).toContain(model.provider)
    expect(Object.keys(model.manifest.variants)).toContain(model.variant)
    await model.release()
  })
})
