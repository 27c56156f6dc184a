import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findModelPackage } from './find-package.ts'
import { openGraphInThread } from './graph-thread.ts'
import { readGraph, readManifest } from './load-package.ts'
import { type GraphTensors, type OnnxGraph, openGraph } from './onnx-runtime.ts'

const options = { provider: 'cpu', threads: 1 } as const
const opened: OnnxGraph[] = []

afterAll(async () => {
  for (const graph of opened) await graph.release()
})

async function decoder() {
  const dir = findModelPackage('nano')
  const manifest = await readManifest(dir)
  const [width, height] = [manifest.sizes[0]!.latentWidth, manifest.sizes[0]!.latentHeight]
  const grid = [height, width]
  const feeds = (value: number): GraphTensors => ({
    latent: tensor([1, manifest.latent.channels, ...grid], (i) => Math.sin(i + value)),
    state: tensor([1, manifest.decoder.stateChannels, ...grid], () => 0),
  })
  return { source: await readGraph(dir, manifest, 'cpu-fp32', 'decoder'), feeds }
}

function tensor(dims: number[], value: (i: number) => number) {
  const length = dims.reduce((product, n) => product * n, 1)
  return { type: 'float32', data: Float32Array.from({ length }, (_, i) => value(i)), dims } as const
}

describe('a graph in a thread of its own', () => {
  it('gives what the graph gives here, in the order of the runs', async () => {
    const { source, feeds } = await decoder()
    const here = await openGraph(source, options)
    const beside = await openGraphInThread(source, options)
    opened.push(here, beside)
    expect(beside.inputs).toEqual(here.inputs)
    const both = await Promise.all([beside.run(feeds(1)), beside.run(feeds(2))])
    expect(both[0].frames).toEqual((await here.run(feeds(1))).frames)
    expect(both[1].frames).toEqual((await here.run(feeds(2))).frames)
    expect(Object.keys(await beside.run(feeds(1), ['frames']))).toEqual(['frames'])
  })

  it('runs while this thread is busy', async () => {
    const { source, feeds } = await decoder()
    const beside = await openGraphInThread(source, options)
    opened.push(beside)
    await beside.run(feeds(0))
    let isDone = false
    const run = beside.run(feeds(1)).then(() => {
      isDone = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    const until = performance.now() + 1000
    while (performance.now() < until);
    // The answer has come in the meantime: one look at what came is enough.
    await new Promise((resolve) => setImmediate(resolve))
    expect(isDone).toBe(true)
    await run
  })

  it('rejects a run that the graph refuses, and goes on', async () => {
    const { source, feeds } = await decoder()
    const beside = await openGraphInThread(source, options)
    opened.push(beside)
    await expect(beside.run({ latent: feeds(0).latent! })).rejects.toThrow(/state/)
    expect(await beside.run(feeds(0))).toHaveProperty('frames')
  })

  it('says why a graph cannot be opened', async () => {
    await expect(openGraphInThread(Uint8Array.of(1, 2, 3), options)).rejects.toThrow(/protobuf|load|model/i)
    await expect(openGraphInThread(join('no', 'such', 'file.onnx'), options)).rejects.toThrow(/file/i)
  })

  it('does not run any more once released', async () => {
    const { source, feeds } = await decoder()
    const beside = await openGraphInThread(source, options)
    const last = beside.run(feeds(0))
    await beside.release()
    expect(await last).toHaveProperty('frames')
    await expect(beside.run(feeds(0))).rejects.toThrow('released')
    await beside.release()
  })
})
