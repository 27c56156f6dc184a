import { describe, expect, it } from 'vitest'
import { type ChunkHeader, encodeChunkPacket, PROTOCOL_VERSION } from '../protocol/index.ts'
import { type AssemblerOutcome, ChunkAssembler } from './chunk-assembler.ts'

const TIMINGS = { queueMs: 0, denoiseMs: 1, commitMs: 1, decodeMs: 0, serverMs: 2 }

function packet(change: Partial<ChunkHeader> = {}, payload = new Uint8Array(2 * 3 * 4).fill(200)): Uint8Array {
  const header: ChunkHeader = {
    v: PROTOCOL_VERSION,
    kind: 'latent',
    world: 0,
    seq: 0,
    firstFrame: 0,
    frames: 4,
    actionSeq: 0,
    driver: '',
    shape: [2, 3, 4],
    pose: [],
    steps: 2,
    timings: TIMINGS,
    ...change,
  }
  return encodeChunkPacket(header, payload)
}

const count = (length: number) => Uint8Array.from({ length }, (_, i) => i)

/** What became of a packet, in one word for tests. */
function word(outcome: AssemblerOutcome): string {
  if (outcome.kind !== 'chunk') return outcome.kind
  return `${outcome.chunk.restart ? 'restart' : 'follows'}${outcome.missed > 0 ? ` after ${outcome.missed}` : ''}`
}

function words(numbers: readonly (readonly [world: number, seq: number])[]): string[] {
  const assembler = new ChunkAssembler()
  return numbers.map(([world, seq]) => word(assembler.push(packet({ world, seq }))))
}

describe('ChunkAssembler', () => {
  it('passes chunks on in order; the first one restarts the decoder', () => {
    const row = [[0, 0], [0, 1], [0, 2]] as const // biome-ignore format: a table
    expect(words(row)).toEqual(['restart', 'follows', 'follows'])
  })

  it('restarts after a gap and says how much is missing', () => {
    const row = [[0, 0], [0, 3], [0, 4]] as const // biome-ignore format: a table
    expect(words(row)).toEqual(['restart', 'restart after 2', 'follows'])
  })

  it('tells duplicates and chunks that come too late', () => {
    const row = [[0, 4], [0, 5], [0, 5], [0, 3], [0, 6]] as const // biome-ignore format: a table
    expect(words(row)).toEqual(['restart', 'follows', 'duplicate', 'stale', 'follows'])
  })

  it('restarts with a new world, and ignores the old one from then on', () => {
    const row = [[0, 8], [1, 0], [0, 9], [1, 1]] as const // biome-ignore format: a table
    expect(words(row)).toEqual(['restart', 'restart', 'stale', 'follows'])
  })

  it('restarts where the world starts anew because it had broken down', () => {
    const assembler = new ChunkAssembler()
    const row = [{ seq: 4 }, { seq: 5 }, { seq: 6, recovery: true }, { seq: 7 }]
    expect(row.map((header) => word(assembler.push(packet(header))))).toEqual([
      'restart',
      'follows',
      'restart',
      'follows',
    ])
  })

  it('restarts when the downlink changes, or when it is told to', () => {
    const assembler = new ChunkAssembler()
    assembler.push(packet({ seq: 0 }))
    const image: Partial<ChunkHeader> = { kind: 'image', seq: 1, imageBytes: [1, 2, 1, 1], imageType: 'image/webp' }
    const payload = Uint8Array.from([10, 20, 21, 30, 40])
    const outcome = assembler.push(packet(image, payload))
    expect(word(outcome)).toBe('restart')
    if (outcome.kind !== 'chunk' || outcome.chunk.kind !== 'image') throw new Error('no image chunk')
    expect(outcome.chunk.images.map((bytes) => [...bytes])).toEqual([[10], [20, 21], [30], [40]])
    expect(outcome.chunk.depth).toBeNull()
    assembler.expectRestart()
    expect(word(assembler.push(packet({ ...image, seq: 2 }, payload)))).toBe('restart')
    expect(word(assembler.push(packet({ ...image, seq: 3 }, payload)))).toBe('follows')
  })

  it('parts pictures and depth, and owns both', () => {
    const pictures: Partial<ChunkHeader> = { kind: 'image', imageBytes: [1, 2, 1, 1], depthShape: [1, 2] }
    const bytes = Buffer.from(packet(pictures, count(5 + 4 * 2)))
    const outcome = new ChunkAssembler().push(bytes)
    bytes.fill(0)
    if (outcome.kind !== 'chunk' || outcome.chunk.kind !== 'image') throw new Error('no image chunk')
    expect(outcome.chunk.images.map((image) => [...image])).toEqual([[0], [1, 2], [3], [4]])
    expect(outcome.chunk.depth).toEqual({ codes: count(13).slice(5), width: 2, height: 1 })
  })

  it('owns its latent, also when the bytes are a view into a Node Buffer that is reused', () => {
    const bytes = Buffer.from(packet())
    const outcome = new ChunkAssembler().push(bytes)
    bytes.fill(0)
    if (outcome.kind !== 'chunk' || outcome.chunk.kind !== 'latent') throw new Error('no latent chunk')
    expect(outcome.chunk.latent).toEqual(new Int8Array(24).fill(-56))
    expect(outcome.chunk.bytes).toBe(bytes.length)
  })

  it('survives packets that are cut, flipped or nonsense', () => {
    const assembler = new ChunkAssembler()
    const good = packet()
    for (let length = 0; length < good.length; length++) {
      expect(assembler.push(good.subarray(0, length)).kind).toBe('invalid')
    }
    let state = 1
    const random = (below: number) => {
      state = (state * 1664525 + 1013904223) % 2 ** 32
      return Math.floor((state / 2 ** 32) * below)
    }
    const kinds = new Set<string>()
    for (let trial = 0; trial < 10_000; trial++) {
      const bytes = trial % 2 === 0 ? good.slice() : new Uint8Array(random(300)).map(() => random(256))
      for (let flips = 0; flips < 3 && bytes.length > 0; flips++) bytes[random(bytes.length)] = random(256)
      kinds.add(assembler.push(bytes).kind)
    }
    expect(kinds).toContain('invalid')
  })
})
