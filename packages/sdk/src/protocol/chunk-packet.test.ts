import { describe, expect, it } from 'vitest'
import { type ChunkHeader, decodeChunkPacket, encodeChunkPacket } from './chunk-packet.ts'
import { SoraError } from './errors.ts'
import { PROTOCOL_VERSION } from './version.ts'

const header: ChunkHeader = {
  v: PROTOCOL_VERSION,
  kind: 'latent',
  world: 2,
  seq: 41,
  firstFrame: 164,
  frames: 4,
  actionSeq: 9,
  driver: 'abc',
  shape: [4, 2, 3],
  pose: [0.1, 0, 0.2, 3, 0, 1],
  steps: 2,
  timings: { queueMs: 1, denoiseMs: 30, commitMs: 12, decodeMs: 0, serverMs: 60 },
}
const payload = Uint8Array.from({ length: 24 }, (_, i) => i)
/** Four pictures and 2 x 3 samples of depth for each. */
const imageHeader: ChunkHeader = {
  ...header,
  kind: 'image',
  imageBytes: [1, 2, 3, 4],
  imageType: 'image/webp',
  depthShape: [2, 3],
}
const imagePayload = Uint8Array.from({ length: 10 + 24 }, (_, i) => i)

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(SoraError)
    return (error as SoraError).code
  }
  return 'accepted'
}

describe('chunk packet', () => {
  it('comes back as it went', () => {
    const packet = decodeChunkPacket(encodeChunkPacket(header, payload))
    expect(packet.header).toEqual(header)
    expect(packet.payload).toEqual(payload)
  })

  it('reads from a view that does not start at byte 0', () => {
    const bytes = encodeChunkPacket(header, payload)
    const shifted = new Uint8Array(bytes.length + 5)
    shifted.set(bytes, 5)
    expect(decodeChunkPacket(shifted.subarray(5)).header.seq).toBe(41)
  })

  it('is refused wherever it is cut', () => {
    const bytes = encodeChunkPacket(header, payload)
    for (let length = 0; length < bytes.length; length++) {
      expect(codeOf(() => decodeChunkPacket(bytes.subarray(0, length)))).toBe('packet-invalid')
    }
  })

  it.each([
    ['latent', header, payload],
    ['image', imageHeader, imagePayload],
  ] as const)('survives 10,000 manipulated %s packets', { timeout: 60_000 }, (_, head, body) => {
    const bytes = encodeChunkPacket(head, body)
    let state = 12345
    const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
    for (let i = 0; i < 10_000; i++) {
      const broken = bytes.slice()
      for (let n = 0; n < 1 + random() * 4; n++) broken[Math.floor(random() * broken.length)] = random() * 256
      expect(['accepted', 'packet-invalid', 'protocol-version']).toContain(codeOf(() => decodeChunkPacket(broken)))
    }
  })

  it('names a foreign protocol', () => {
    const foreign = encodeChunkPacket({ ...header, v: 99 as typeof header.v }, payload)
    expect(codeOf(() => decodeChunkPacket(foreign))).toBe('protocol-version')
  })

  it('carries depth behind the pictures, and does without', () => {
    expect(decodeChunkPacket(encodeChunkPacket(imageHeader, imagePayload)).payload).toEqual(imagePayload)
    const { depthShape: _, ...flat } = imageHeader
    expect(decodeChunkPacket(encodeChunkPacket(flat, imagePayload.subarray(0, 10))).header).toEqual(flat)
  })

  it.each<[string, [number, number] | undefined]>([
    ['more samples than there are', [3, 3]],
    ['fewer samples than there are', [2, 2]],
    ['no depth where there is some', undefined],
    ['a side of 0', [0, 3]],
    ['a side below 0', [-2, -3]],
    ['half a sample', [1.5, 4]],
    ['more than any picture has', [2, 2 ** 31]],
    ['a product that is no whole number', [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]],
  ])('refuses depth of %s', (_, depthShape) => {
    const lying = { ...imageHeader, depthShape }
    expect(codeOf(() => decodeChunkPacket(encodeChunkPacket(lying, imagePayload)))).toBe('packet-invalid')
  })

  it('refuses a payload of another size', () => {
    expect(codeOf(() => decodeChunkPacket(encodeChunkPacket(header, payload.subarray(1))))).toBe('packet-invalid')
  })
})
