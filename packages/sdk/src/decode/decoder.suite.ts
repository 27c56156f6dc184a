import { afterEach, describe, expect, it } from 'vitest'
import { type ChunkHeader, type ModelManifest, PROTOCOL_VERSION } from '../protocol/index.ts'
import type { Chunk } from '../stream/chunk-assembler.ts'
import type { FrameDecoder, Picture } from './frame-decoder.ts'
import type { ModelFiles } from './model-files.ts'

export interface DecoderHarness {
  decoder: FrameDecoder
  manifest: ModelManifest
  files: ModelFiles
}

/** A chunk that fits the model; `fill` is every number of its latent. */
export function makeChunk(manifest: ModelManifest, kind: Chunk['kind'], seq: number, fill = 10): Chunk {
  const { latentWidth, latentHeight } = manifest.sizes[0]!
  const frames = manifest.frames.perChunk
  const header = {
    v: PROTOCOL_VERSION,
    kind,
    world: 0,
    seq,
    firstFrame: seq * frames,
    frames,
    actionSeq: 0,
    driver: '',
    shape: [manifest.latent.channels, latentHeight, latentWidth],
    pose: [],
    steps: 2,
    timings: { queueMs: 0, denoiseMs: 0, commitMs: 0, decodeMs: 0, serverMs: 0 },
  } satisfies ChunkHeader as ChunkHeader
  const base = { header, world: 0, seq, restart: seq === 0, bytes: 1 }
  if (kind === 'image') {
    const images = Array.from({ length: frames }, () => Uint8Array.of(fill))
    const depth = { codes: new Uint8Array(frames * 6).fill(fill), width: 3, height: 2 }
    return { ...base, kind, images, imageType: 'image/fake', depth }
  }
  return { ...base, kind, latent: new Int8Array(manifest.latent.channels * latentHeight * latentWidth).fill(fill) }
}

/** What every decoder does. */
export function describeDecoder(name: string, make: () => Promise<DecoderHarness>): void {
  describe(name, () => {
    let harness: DecoderHarness

    async function load(): Promise<string[]> {
      harness = await make()
      const { decoder, manifest, files } = harness
      const words: string[] = []
      const variant = Object.keys(manifest.variants)[0]!
      const size = manifest.sizes[0]!
      await decoder.load({ manifest, variant, size, files, onProgress: (text) => words.push(text) })
      return words
    }

    async function decode(seq: number, fill?: number): Promise<Picture[]> {
      const { decoder, manifest } = harness
      return (await decoder.decode(makeChunk(manifest, decoder.kind, seq, fill))).pictures
    }

    afterEach(() => harness.decoder.dispose())

    it('says what it does, in words and by name', async () => {
      expect((await load()).length).toBeGreaterThan(0)
      expect(harness.decoder.backend).not.toBe('')
    })

    it('makes one picture per frame, in the size of the model, with full alpha', async () => {
      await load()
      const pictures = await decode(0)
      const { width, height } = harness.manifest.sizes[0]!
      expect(pictures).toHaveLength(harness.manifest.frames.perChunk)
      for (const picture of pictures) {
        expect([picture.width, picture.height]).toEqual([width, height])
        expect(picture.rgba).toHaveLength(width * height * 4)
        expect([picture.rgba[3], picture.rgba.at(-1)]).toEqual([255, 255])
      }
    })

    it('gives depth of its own size', async () => {
      await load()
      const [picture] = await decode(0)
      const { inverseDepth, depthWidth, depthHeight } = picture!
      expect(inverseDepth).toHaveLength(depthWidth * depthHeight)
    })

    it('does not touch a picture that is not released, however many follow', async () => {
      await load()
      const [kept] = await decode(0)
      const before = kept!.rgba.slice()
      for (let seq = 1; seq < 4; seq++) for (const picture of await decode(seq, 60)) picture.release()
      expect(isSame(kept!.rgba, before)).toBe(true)
      kept!.release()
      kept!.release()
    })

    it('gives the same pictures for the same chunks after a restart', async () => {
      await load()
      const first = (await decode(0)).map(({ rgba }) => rgba.slice())
      await decode(1, 50)
      const again = await decode(0)
      expect(again.every(({ rgba }, index) => isSame(rgba, first[index]!))).toBe(true)
    })

    it('keeps the order of calls that are made at once', async () => {
      await load()
      const { decoder, manifest } = harness
      const all = await Promise.all([0, 1, 2].map((seq) => decoder.decode(makeChunk(manifest, decoder.kind, seq))))
      const alone: Picture[][] = []
      for (const seq of [0, 1, 2]) alone.push(await decode(seq))
      for (const [seq, { pictures }] of all.entries()) {
        expect(isSame(pictures[0]!.rgba, alone[seq]![0]!.rgba)).toBe(true)
      }
    })

    it('decodes no more once it is disposed', async () => {
      await load()
      harness.decoder.dispose()
      harness.decoder.dispose()
      await expect(decode(0)).rejects.toMatchObject({ code: 'aborted' })
    })
  })
}

/** Faster than comparing arrays of some ten thousand numbers with `toEqual`. */
function isSame(a: Uint8ClampedArray<ArrayBuffer>, b: Uint8ClampedArray<ArrayBuffer>): boolean {
  return Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) === 0
}
