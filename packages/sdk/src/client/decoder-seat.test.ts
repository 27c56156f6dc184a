import { describe, expect, it, vi } from 'vitest'
import { FakeDecoder, type FakeDecoderOptions } from '../decode/fake-decoder.ts'
import type { FrameDecoder } from '../decode/frame-decoder.ts'
import { type ChunkHeader, encodeChunkPacket, PROTOCOL_VERSION, SoraError } from '../protocol/index.ts'
import { StreamStats } from '../stream/stream-stats.ts'
import { FAKE_MANIFEST } from '../transport/fake-manifest.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { ChunkPipeline } from './chunk-pipeline.ts'
import { DecoderSeat, type KnownModel } from './decoder-seat.ts'
import type { WorldClientOptions } from './world-options.ts'

const { frames, latent, sizes, pose } = FAKE_MANIFEST
const shape = [latent.channels, sizes[0]!.latentHeight, sizes[0]!.latentWidth] as const

function packet(seq: number, kind: 'latent' | 'image' = 'latent'): Uint8Array {
  const header: ChunkHeader = {
    v: PROTOCOL_VERSION,
    kind,
    world: 1,
    seq,
    firstFrame: seq * frames.perChunk,
    frames: frames.perChunk,
    actionSeq: 0,
    driver: '',
    shape: [...shape],
    pose: Array(frames.perChunk * (pose?.fields.length ?? 0)).fill(0),
    steps: 2,
    timings: { queueMs: 0, denoiseMs: 20, commitMs: 5, decodeMs: 0, serverMs: 30 },
  }
  if (kind === 'latent') return encodeChunkPacket(header, new Uint8Array(shape[0] * shape[1] * shape[2]))
  const images = { imageBytes: Array(frames.perChunk).fill(1), imageType: 'image/webp' }
  return encodeChunkPacket({ ...header, ...images }, new Uint8Array(frames.perChunk))
}

/** What a decoder that says it took so long for each of these chunks makes the pipeline say. */
async function slowness(...decodeMs: number[]): Promise<[number, number][]> {
  const clock = new VirtualClock(0)
  const told: [number, number][] = []
  const pipeline = new ChunkPipeline({
    clock,
    stats: new StreamStats(),
    onError: (error) => expect.unreachable(error.message),
    onDecoderSlow: (ms, chunkMs) => told.push([ms, chunkMs]),
  })
  const options = { decodeMs: 0 }
  const decoder = new FakeDecoder(options)
  await decoder.load({ manifest: FAKE_MANIFEST, size: sizes[0]! } as never)
  pipeline.start(FAKE_MANIFEST, decoder)
  for (const [seq, ms] of decodeMs.entries()) {
    options.decodeMs = ms
    pipeline.packet(packet(seq))
    await clock.advance(200)
  }
  pipeline.dispose()
  return told
}

describe('a decoder that does not keep up', () => {
  it('is told once, after ten chunks in a row that took longer than they last', async () => {
    expect(await slowness(...Array<number>(9).fill(250))).toEqual([])
    expect(await slowness(...Array<number>(9).fill(250), 260, 270)).toEqual([[260, 200]])
  })

  it('is forgiven a few slow chunks', async () => {
    expect(await slowness(...Array<number>(9).fill(250), 90, ...Array<number>(9).fill(250))).toEqual([])
  })
})

interface Setting {
  /** An image decoder loads. */
  canReadPictures?: boolean
  /** The server's pictures are shown while the latent decoder loads. */
  picturesFirst?: boolean
  latent?: FakeDecoderOptions
}

/** A seat that has taken its first decoder. */
async function seated(options: WorldClientOptions, setting: Setting = {}) {
  const { canReadPictures = true, picturesFirst = false, latent: latentOptions = {} } = setting
  const log: string[] = []
  const pipeline = {
    decoder: null as FrameDecoder | null,
    start: (_: unknown, next: FrameDecoder) => (pipeline.decoder = next),
  }
  const loadError = canReadPictures ? undefined : new SoraError('unsupported', 'no pictures in Node')
  const seat = new DecoderSeat(options, {
    pipeline: pipeline as unknown as ChunkPipeline,
    signal: new AbortController().signal,
    progress: (words) => log.push(words),
    askFor: (kind) => log.push(`ask for ${kind}`),
    report: ({ code, message }) => log.push(`${code}: ${message}`),
    make: (kind) => new FakeDecoder(kind === 'latent' ? latentOptions : { kind, loadError }),
    canReadPictures: () => picturesFirst,
  })
  const { firstKind } = seat
  await seat.take({ welcome: { variant: 'v', size: sizes[0]! }, manifest: FAKE_MANIFEST } as unknown as KnownModel)
  if (!picturesFirst) log.length = 0
  return { seat, log, firstKind, kind: () => pipeline.decoder?.kind }
}

describe('relieving a slow decoder', () => {
  it('lets the server send pictures, and says why', async () => {
    const { seat, log, kind } = await seated({})
    await seat.relieve(473.4, 200)
    expect(kind()).toBe('image')
    expect(log).toContain('ask for image')
    expect(log).toContain('the decoder is too slow here: the server will send pictures')
    expect(log.at(-1)).toBe('decoder-slow: decoding takes 473 ms of each 200 here: the server sends pictures instead')
  })

  it('keeps a slow decoder where pictures cannot be read', async () => {
    const { seat, log, kind } = await seated({}, { canReadPictures: false })
    await seat.relieve(473, 200)
    expect(kind()).toBe('latent')
    expect(log.some((line) => line.startsWith('ask for') || line.startsWith('decoder-slow'))).toBe(false)
  })

  it('keeps a decoder that was asked for', async () => {
    for (const options of [{ downlink: 'latent' }, { decoder: new FakeDecoder() }] as const) {
      const { seat, log, kind } = await seated(options)
      await seat.relieve(473, 200)
      expect([kind(), log]).toEqual(['latent', []])
    }
  })
})

describe('pictures while the decoder loads', () => {
  it('are shown from the start, until it has loaded', async () => {
    let loaded = () => {}
    const loading = new Promise<void>((resolve) => (loaded = resolve))
    const { firstKind, kind, log } = await seated({}, { picturesFirst: true, latent: { loading } })
    expect([firstKind, kind()]).toEqual(['image', 'image'])
    loaded()
    await vi.waitFor(() => expect(kind()).toBe('latent'))
    expect(log.at(-1)).toBe('ask for latent')
  })

  it('stay when it would not keep up', async () => {
    const { kind, log } = await seated({}, { picturesFirst: true, latent: { warmUpMs: 161 } })
    const words = 'decoding takes 161 ms of each 200 here: the server sends pictures instead'
    await vi.waitFor(() => expect(log.at(-1)).toBe(words))
    expect(kind()).toBe('image')
    const other = await seated({}, { picturesFirst: true, latent: { warmUpMs: 159 } })
    await vi.waitFor(() => expect(other.kind()).toBe('latent'))
  })

  it('stay when it does not run', async () => {
    const latent = { loadError: new SoraError('no-wasm', 'this browser has no WebAssembly') }
    const { kind, log } = await seated({}, { picturesFirst: true, latent })
    await vi.waitFor(() => expect(log.at(-1)).toBe('no-wasm: this browser has no WebAssembly'))
    expect(kind()).toBe('image')
  })

  it('are not asked for by those who want latents, or have a decoder of their own', async () => {
    for (const options of [{ downlink: 'latent' }, { decoder: new FakeDecoder() }] as const) {
      expect((await seated(options, { picturesFirst: true })).firstKind).toBe('latent')
    }
  })

  it('are read to the last one after the change, so that nothing is missing', async () => {
    const clock = new VirtualClock(0)
    const shown: string[] = []
    const onError = (error: SoraError) => expect.unreachable(error.message)
    const pipeline = new ChunkPipeline({ clock, stats: new StreamStats(), onError })
    const decoders = { image: new FakeDecoder({ kind: 'image' }), latent: new FakeDecoder() }
    for (const [kind, decoder] of Object.entries(decoders)) {
      await decoder.load({ manifest: FAKE_MANIFEST, size: sizes[0]! } as never)
      const decode = decoder.decode.bind(decoder)
      decoder.decode = (chunk) => {
        shown.push(`${kind} ${chunk.header.seq}`)
        return decode(chunk)
      }
    }
    const send = async (...kinds: ('latent' | 'image')[]) => {
      for (const kind of kinds) {
        pipeline.packet(packet(shown.length, kind))
        await clock.advance(200)
      }
    }
    pipeline.start(FAKE_MANIFEST, decoders.image)
    await send('image', 'image')
    const dispose = vi.spyOn(decoders.image, 'dispose')
    pipeline.start(FAKE_MANIFEST, decoders.latent)
    await send('image')
    expect(dispose).not.toHaveBeenCalled()
    await send('latent', 'latent')
    expect(shown).toEqual(['image 0', 'image 1', 'image 2', 'latent 3', 'latent 4'])
    expect(dispose).toHaveBeenCalledOnce()
    pipeline.dispose()
  })
})
