import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeManifest } from './fake-manifest.ts'
import { findModelPackage } from './find-package.ts'
import { readGraph, readManifest } from './load-package.ts'
import { openModel } from './open-model.ts'

describe('model package', () => {
  let dir: string
  const bytes = Buffer.from('not really a graph')
  const sha256 = createHash('sha256').update(bytes).digest('hex')

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sora-package-'))
    await writeManifest({})
    await writeFile(join(dir, 'graph.onnx'), bytes)
  })
  afterEach(() => rm(dir, { recursive: true }))

  async function writeManifest(change: object) {
    const graphs = { encoder: 'graph.onnx', decoder: 'graph.onnx', text: 'graph.onnx', denoiser: 'graph.onnx' }
    const manifest = {
      ...fakeManifest(),
      variants: { 'cpu-fp32': graphs },
      files: { 'graph.onnx': { sha256, bytes: bytes.length } },
      ...change,
    }
    await writeFile(join(dir, 'manifest.json'), JSON.stringify(manifest))
  }

  it('gives a graph that is what its manifest says', async () => {
    const manifest = await readManifest(dir)
    expect(await readGraph(dir, manifest, 'cpu-fp32', 'text')).toEqual(bytes)
  })

  it('gives the path of a graph with external weights, after both were compared', async () => {
    const weights = Buffer.from('not really weights')
    const listed = { sha256: createHash('sha256').update(weights).digest('hex'), bytes: weights.length }
    const graphs = { encoder: 'graph.onnx', decoder: 'decoder.onnx', text: 'graph.onnx', denoiser: 'graph.onnx' }
    const graph = { sha256, bytes: bytes.length }
    await writeManifest({
      variants: { 'cpu-fp32': graphs },
      files: { 'graph.onnx': graph, 'decoder.onnx': graph, 'graph.weights': listed },
      externalWeights: { 'graph.onnx': ['graph.weights'] },
    })
    const manifest = await readManifest(dir)
    const read = () => readGraph(dir, manifest, 'cpu-fp32', 'denoiser')
    await expect(read()).rejects.toMatchObject({
      code: 'model-missing',
      message: expect.stringContaining('graph.weights'),
    })
    await writeFile(join(dir, 'graph.weights'), weights)
    expect(await read()).toBe(join(dir, 'graph.onnx'))
    await writeFile(join(dir, 'graph.weights'), Buffer.concat([weights, weights]))
    await expect(read()).rejects.toMatchObject({
      code: 'model-tampered',
      message: expect.stringMatching(/graph\.weights is not the file .* 36 bytes instead of .* 18 bytes/),
    })
    await writeFile(join(dir, 'graph.weights'), weights)
    await writeFile(join(dir, 'graph.onnx'), 'something else')
    await expect(read()).rejects.toMatchObject({
      code: 'model-tampered',
      message: expect.stringContaining('graph.onnx'),
    })
  })

  it('refuses a changed file by name', async () => {
    await writeFile(join(dir, 'graph.onnx'), 'something else')
    const manifest = await readManifest(dir)
    await expect(readGraph(dir, manifest, 'cpu-fp32', 'denoiser')).rejects.toMatchObject({
      code: 'model-tampered',
      message: expect.stringContaining('graph.onnx'),
    })
  })

  it('refuses a missing file by name', async () => {
    await rm(join(dir, 'graph.onnx'))
    await expect(openModel({ model: dir, provider: 'cpu' })).rejects.toMatchObject({
      code: 'model-missing',
      message: expect.stringContaining('graph.onnx'),
    })
  })

  it('refuses a manifest that is missing, broken, or of another version', async () => {
    await writeManifest({ manifestVersion: 2 })
    await expect(readManifest(dir)).rejects.toMatchObject({
      code: 'model-version',
      message: expect.stringMatching(/manifest.json.*2/),
    })
    await writeManifest({ frames: { perSecond: -1, perChunk: 4 } })
    await expect(readManifest(dir)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('frames.perSecond'),
    })
    await writeManifest({ files: { 'graph.onnx': { sha256, bytes: 1 }, '../secret': { sha256, bytes: 1 } } })
    await expect(readManifest(dir)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('../secret'),
    })
    await writeManifest({ externalWeights: { 'graph.onnx': ['../secret'] } })
    await expect(readManifest(dir)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('externalWeights.graph.onnx'),
    })
    await writeFile(join(dir, 'manifest.json'), '{')
    await expect(readManifest(dir)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('manifest.json'),
    })
    await rm(join(dir, 'manifest.json'))
    await expect(readManifest(dir)).rejects.toMatchObject({ code: 'model-missing' })
  })

  it('says which provider failed and why', async () => {
    await expect(openModel({ model: dir, provider: 'cpu' })).rejects.toMatchObject({
      code: 'provider-unavailable',
      message: expect.stringMatching(/cpu: .+/),
    })
  })

  it('refuses unknown providers, variants and models', async () => {
    await expect(openModel({ model: dir, provider: 'tpu' })).rejects.toMatchObject({ code: 'option-invalid' })
    await expect(openModel({ model: dir, variant: 'int4' })).rejects.toMatchObject({ code: 'option-invalid' })
    expect(() => findModelPackage('no-such-model')).toThrow(/no model package "no-such-model"; there is: .*fake/)
  })
})
