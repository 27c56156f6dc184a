import { describe, expect, it } from 'vitest'
import { FakeDecoder } from '../decode/fake-decoder.ts'
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

function packet(seq: number): Uint8Array {
  const header: ChunkHeader = {
    v: PROTOCOL_VERSION,
    kind: 'latent',
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
  return encodeChunkPacket(header, new Uint8Array(shape[0] * shape[1] * shape[2]))
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

/** A seat that has taken a latent decoder; pictures can be read here or not. */
async function seated(options: WorldClientOptions, canReadPictures = true) {
  const log: string[] = []
  const pipeline = {
    decoder: null as FrameDecoder | null,
    start: (_: unknown, next: FrameDecoder) => (pipeline.decoder = next),
  }
  const image = new FakeDecoder(
    canReadPictures ? {} : { loadError: new SoraError('unsupported', 'no pictures in Node') },
  )
  const seat = new DecoderSeat(options, {
    pipeline: pipeline as unknown as ChunkPipeline,
    signal: new AbortController().signal,
    progress: (words) => log.push(words),
    askFor: (kind) => log.push(`ask for ${kind}`),
    report: ({ code, message }) => log.push(`${code}: ${message}`),
    make: (kind) => (kind === 'latent' ? new FakeDecoder() : Object.defineProperty(image, 'kind', { value: 'image' })),
  })
  await seat.take({ welcome: { variant: 'v', size: sizes[0]! }, manifest: FAKE_MANIFEST } as unknown as KnownModel)
  log.length = 0
  return { seat, log, kind: () => pipeline.decoder?.kind }
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
    const { seat, log, kind } = await seated({}, false)
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
