import { describe, expect, it } from 'vitest'
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
