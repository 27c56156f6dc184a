import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ModelManifest } from '@sora-world/sdk/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findModelPackage } from './find-package.ts'
import { readManifest } from './load-package.ts'
import { openModel } from './open-model.ts'

/** Holds for a package with external weights and for one without: what is changed is what its denoiser reads. */
describe('the denoiser of a package that lies elsewhere', () => {
  let folder: string
  let manifest: ModelManifest
  let graph: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sora-weights-'))
    await cp(findModelPackage('nano'), folder, { recursive: true })
    manifest = await readManifest(folder)
    graph = manifest.variants['cpu-int8']!.denoiser
  })
  afterAll(() => rm(folder, { recursive: true }))

  const open = () => openModel({ model: folder, provider: 'cpu', variant: 'cpu-int8' })
  const isRead = () => [graph, ...(manifest.externalWeights?.[graph] ?? [])]

  it('runs', async () => {
    const model = await open()
    await model.release()
  })

  it('is refused when a byte of its graph or weights is another', async () => {
    for (const name of isRead()) {
      const bytes = await readFile(join(folder, name))
      const changed = Buffer.from(bytes)
      changed[bytes.length >> 1]! ^= 1
      await writeFile(join(folder, name), changed)
      await expect(open()).rejects.toMatchObject({ code: 'model-tampered', message: expect.stringContaining(name) })
      await writeFile(join(folder, name), bytes)
    }
  })

  it('is refused when its graph or weights are gone', async () => {
    for (const name of isRead()) {
      const bytes = await readFile(join(folder, name))
      await rm(join(folder, name))
      await expect(open()).rejects.toMatchObject({ code: 'model-missing', message: expect.stringContaining(name) })
      await writeFile(join(folder, name), bytes)
    }
  })
})
