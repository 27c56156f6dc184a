import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findModelPackage } from '../model/find-package.ts'
import { startFirstFitting, startWorker } from './start-worker.ts'

/** The model that ships, with a chunk so short that no machine makes it in time. */
let hasty: string
beforeAll(async () => {
  hasty = await mkdtemp(join(tmpdir(), 'sora-hasty-'))
  await cp(findModelPackage('nano'), hasty, { recursive: true })
  const file = join(hasty, 'manifest.json')
  const manifest = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(file, JSON.stringify({ ...manifest, name: 'hasty', frames: { perSecond: 50_000, perChunk: 4 } }))
})
afterAll(() => rm(hasty, { recursive: true }))

let lines: string[] = []
const log = (line: string) => {
  lines.push(line)
}

it('goes on to the next model when one is too slow here, and says so', async () => {
  lines = []
  const { worker, modelDir } = await startFirstFitting([hasty, findModelPackage('nano')], { provider: 'cpu', log })
  expect(worker.manifest.name).toBe('nano')
  expect(modelDir).toBe(findModelPackage('nano'))
  await worker.stop()
  expect(lines).toEqual([
    expect.stringMatching(
      /^hasty is too slow .* 1 step a chunk of 0\.08 ms takes about \d+ ms\): nano is played instead; "--model hasty"/,
    ),
  ])
})

it('never replaces a model that was named', async () => {
  lines = []
  const { worker, cost } = await startWorker({ modelDir: hasty, provider: 'cpu', log })
  expect(worker.manifest.name).toBe('hasty')
  expect(cost.chunkMs).toBeGreaterThan(0.08)
  await worker.stop()
  expect(lines).toEqual([])
})

it('knows no folder of the model without files', async () => {
  const { worker, modelDir } = await startWorker({ modelDir: 'fake', log })
  expect(modelDir).toBeUndefined()
  await worker.stop()
})

it('leaves nothing running when the model cannot be opened', async () => {
  await expect(startWorker({ modelDir: '/no/such/folder', log })).rejects.toMatchObject({ code: 'model-missing' })
})
