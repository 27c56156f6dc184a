import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { encodeDepth, parseManifest, SoraError } from '../protocol/index.ts'
import type { ImageChunk } from '../stream/chunk-assembler.ts'
import { FAKE_MANIFEST } from '../transport/fake-manifest.ts'
import { describeDecoder, makeChunk } from './decoder.suite.ts'
import { FakeDecoder } from './fake-decoder.ts'
import { FakeEngine } from './fake-engine.ts'
import { ImageDecoder, type ReadImage } from './image-decoder.ts'
import { LatentDecoder } from './latent-decoder.ts'
import type { ModelFiles } from './model-files.ts'
import { serveEngine, type WorkerScope } from './serve-engine.ts'

const NANO = new URL('../../../../assets/nano/', import.meta.url)

const NO_FILES: ModelFiles = {
  manifest: async () => FAKE_MANIFEST,
  read: async () => new Uint8Array(1),
}

/** A worker in this thread: messages are copied and come later, buffers change hands. */
class FakeWorker {
  onmessage: ((event: { data: unknown }) => void) | null = null
  onerror: ((event: { message: string }) => void) | null = null
  isTerminated = false
  readonly #scope: WorkerScope

  constructor(engine = new FakeEngine()) {
    this.#scope = {
      onmessage: null,
      postMessage: (message, transfer = []) => this.#later(message, transfer, (data) => this.onmessage?.({ data })),
    }
    serveEngine(engine, this.#scope)
  }

  postMessage(message: unknown, transfer: ArrayBuffer[] = []): void {
    this.#later(message, transfer, (data) => this.#scope.onmessage?.({ data: data as never }))
  }

  terminate(): void {
    this.isTerminated = true
  }

  #later(message: unknown, transfer: ArrayBuffer[], deliver: (data: unknown) => void): void {
    const data = structuredClone(message, { transfer })
    setTimeout(() => this.isTerminated || deliver(data), 0)
  }
}

describeDecoder('FakeDecoder', async () => ({
  decoder: new FakeDecoder(),
  manifest: FAKE_MANIFEST,
  files: NO_FILES,
}))

describeDecoder('LatentDecoder in this thread', async () => ({
  decoder: new LatentDecoder({ createEngine: () => new FakeEngine() }),
  manifest: FAKE_MANIFEST,
  files: NO_FILES,
}))

describeDecoder('LatentDecoder in a worker', async () => ({
  decoder: new LatentDecoder({ createWorker: () => new FakeWorker() as unknown as Worker }),
  manifest: FAKE_MANIFEST,
  files: NO_FILES,
}))

describeDecoder('ImageDecoder', async () => ({
  decoder: new ImageDecoder(async ([red = 0]) => {
    const { width, height } = FAKE_MANIFEST.sizes[0]!
    const data = new Uint8ClampedArray(width * height * 4).fill(255)
    data[0] = red
    return { width, height, data }
  }),
  manifest: FAKE_MANIFEST,
  files: NO_FILES,
}))

// The real decoder, with WASM in Node.
if (existsSync(new URL('manifest.json', NANO))) {
  const manifest = parseManifest(JSON.parse(readFileSync(new URL('manifest.json', NANO), 'utf8')))
  const read = async (name: string) => new Uint8Array(readFileSync(new URL(name, NANO)))
  describeDecoder('LatentDecoder with onnxruntime-web', async () => ({
    decoder: new LatentDecoder({ backend: 'wasm', createWorker: null }),
    manifest,
    files: { manifest: async () => manifest, read },
  }))
}

describe('ImageDecoder', () => {
  const read: ReadImage = async () => ({ width: 24, height: 16, data: new Uint8ClampedArray(24 * 16 * 4) })

  it('gives each picture its own depth', async () => {
    const chunk = makeChunk(FAKE_MANIFEST, 'image', 0)
    if (chunk.kind !== 'image') throw new Error('no image chunk')
    const depths = [0.5, 0, 1, 0.25].map((inverse) => new Float32Array(6).fill(inverse))
    chunk.depth = { codes: encodeDepth(Float32Array.from(depths.flatMap((depth) => [...depth]))), width: 3, height: 2 }
    const { pictures } = await new ImageDecoder(read).decode(chunk)
    for (const [frame, { inverseDepth, depthWidth, depthHeight }] of pictures.entries()) {
      expect([depthWidth, depthHeight]).toEqual([3, 2])
      expect([...inverseDepth!]).toEqual([...depths[frame]!].map((inverse) => expect.closeTo(inverse, 1)))
    }
  })

  it('shows pictures without depth, too', async () => {
    const chunk = { ...makeChunk(FAKE_MANIFEST, 'image', 0), depth: null } as ImageChunk
    const { pictures } = await new ImageDecoder(read).decode(chunk)
    expect(pictures[3]).toMatchObject({ width: 24, inverseDepth: null, depthWidth: 0, depthHeight: 0 })
  })
})

describe('LatentDecoder', () => {
  const options = {
    manifest: FAKE_MANIFEST,
    variant: 'fake',
    size: FAKE_MANIFEST.sizes[0]!,
    files: NO_FILES,
  }

  it('keeps the state from chunk to chunk, until a restart', async () => {
    const decoder = new LatentDecoder({ createEngine: () => new FakeEngine() })
    await decoder.load(options)
    const greens: (number | undefined)[] = []
    for (const seq of [0, 1, 2, 0]) {
      const { pictures } = await decoder.decode(makeChunk(FAKE_MANIFEST, 'latent', seq))
      greens.push(pictures[0]!.rgba[1])
    }
    expect(greens).toEqual([1, 2, 3, 1])
    decoder.dispose()
  })

  it('uses released arrays again', async () => {
    const decoder = new LatentDecoder({ createEngine: () => new FakeEngine() })
    await decoder.load(options)
    const first = (await decoder.decode(makeChunk(FAKE_MANIFEST, 'latent', 0))).pictures
    for (const picture of first) picture.release()
    const second = (await decoder.decode(makeChunk(FAKE_MANIFEST, 'latent', 1))).pictures
    expect(first.map(({ rgba }) => rgba)).toContain(second[0]!.rgba)
    decoder.dispose()
  })

  it('refuses chunks that do not fit the model, and goes on', async () => {
    const decoder = new LatentDecoder({ createEngine: () => new FakeEngine() })
    await decoder.load(options)
    const chunk = makeChunk(FAKE_MANIFEST, 'latent', 0)
    chunk.header.shape = [4, 9, 9]
    await expect(decoder.decode(chunk)).rejects.toMatchObject({ code: 'packet-invalid' })
    const broken = makeChunk(FAKE_MANIFEST, 'latent', 0, -128)
    await expect(decoder.decode(broken)).rejects.toMatchObject({ code: 'decoder-failed' })
    expect((await decoder.decode(makeChunk(FAKE_MANIFEST, 'latent', 0))).pictures).toHaveLength(4)
    decoder.dispose()
  })

  it('fails everything under way when the worker dies', async () => {
    const worker = new FakeWorker()
    const decoder = new LatentDecoder({ createWorker: () => worker as unknown as Worker })
    await decoder.load(options)
    const decoding = decoder.decode(makeChunk(FAKE_MANIFEST, 'latent', 0))
    decoding.catch(() => {})
    await Promise.resolve()
    await Promise.resolve()
    worker.onerror?.({ message: 'out of memory' })
    await expect(decoding).rejects.toMatchObject({ code: 'decoder-failed' })
    expect(worker.isTerminated).toBe(true)
  })

  it('passes on why an engine does not start', async () => {
    const broken = new FakeEngine()
    broken.load = () => Promise.reject(new SoraError('no-wasm', 'none'))
    const decoder = new LatentDecoder({ createEngine: () => broken })
    await expect(decoder.load(options)).rejects.toMatchObject({ code: 'no-wasm' })
  })
})
