import { describe, expect, it } from 'vitest'
import { findModelPackage } from './find-package.ts'
import { readManifest } from './load-package.ts'
import { OnnxReaders } from './onnx-readers.ts'
import { openReaders } from './open-readers.ts'
import { describeReaders } from './readers.conformance.ts'

const dir = findModelPackage('nano')
const manifest = await readManifest(dir)

describeReaders('fake readers', () => openReaders('fake'))
// A package is complete without them.
if (manifest.readers?.captioner && manifest.readers.policy) describeReaders('nano readers', () => openReaders('nano'))

describe('readers', () => {
  it('say what a package without them lacks', async () => {
    const readers = new OnnxReaders(dir, { ...manifest, readers: null })
    const size = manifest.sizes[0]!
    expect([readers.canDescribe, readers.canAct]).toEqual([false, false])
    const without = { code: 'unsupported', message: 'model "nano" has no captioner' }
    await expect(readers.describe([], size)).rejects.toMatchObject(without)
    const input = { size, latents: [], actions: [], caption: '', rngSeed: 0, chunkIndex: 0 }
    await expect(readers.act(input)).rejects.toMatchObject({
      code: 'unsupported',
      message: 'model "nano" has no policy',
    })
  })

  it('refuse a graph with other inputs, and a file that is not listed', async () => {
    const size = manifest.sizes[0]!
    const latents = [new Float32Array(manifest.latent.channels * size.latentHeight * size.latentWidth)]
    const describing = (file: string) => {
      const captioner = { file, maxChunks: 8, length: 24 }
      return new OnnxReaders(dir, { ...manifest, readers: { captioner } }).describe(latents, size)
    }
    await expect(describing('text.onnx')).rejects.toMatchObject({
      code: 'model-invalid',
      message: 'captioner of "nano" has the inputs tokens, not latents, tokens',
    })
    await expect(describing('other.onnx')).rejects.toThrow(/does not list "other.onnx"/)
  })
})
