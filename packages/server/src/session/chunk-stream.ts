import {
  type ChunkHeader,
  encodeChunkPacket,
  encodeDepth,
  type FrameSize,
  type ModelManifest,
  PROTOCOL_VERSION,
  quantiseLatent,
} from '@sora-world/sdk/protocol'
import type { ChunkResult } from '../worker/model-worker.ts'

export type Downlink = 'latent' | 'image'

/** What both kinds of packet say about a chunk. */
export type ChunkFacts = Omit<ChunkHeader, 'v' | 'kind' | 'imageBytes' | 'imageType' | 'depthShape' | 'catchUp'>

export const IMAGE_TYPE = 'image/webp'
/** Chunks sent again to a late joiner, so that its decoder's state is warm when the next one comes. */
export const CATCH_UP_CHUNKS = 2

interface Payload {
  header: Pick<ChunkHeader, 'kind' | 'imageBytes' | 'imageType' | 'depthShape'>
  bytes: Uint8Array
}

/** Encodes each chunk once per downlink kind and keeps the newest ones of the world for late joiners. */
export class ChunkStream {
  readonly #clip: number
  readonly #depthShape: [height: number, width: number]
  #recent: { facts: ChunkFacts; payloads: Partial<Record<Downlink, Payload>> }[] = []

  constructor({ latent, decoder }: Pick<ModelManifest, 'latent' | 'decoder'>, size: FrameSize) {
    this.#clip = latent.wire.clip
    this.#depthShape = [size.height / decoder.depthScale, size.width / decoder.depthScale]
  }

  /** The packets of one chunk; the image packet is there when the worker made images. */
  push(
    facts: ChunkFacts,
    result: Pick<ChunkResult, 'latent' | 'images' | 'imageDepth'>,
  ): Partial<Record<Downlink, Uint8Array>> {
    const payloads: Partial<Record<Downlink, Payload>> = { latent: latentPayload(result.latent, this.#clip) }
    if (result.images) payloads.image = imagePayload(result.images, result.imageDepth, this.#depthShape)
    this.#recent = [...this.#recent, { facts, payloads }].slice(-CATCH_UP_CHUNKS)
    return {
      latent: packet(facts, payloads.latent!, false),
      image: payloads.image && packet(facts, payloads.image, false),
    }
  }

  /** Packets for a client that comes late, oldest first. */
  catchUp(kind: Downlink): Uint8Array[] {
    return this.#recent.flatMap(({ facts, payloads }) => {
      const payload = payloads[kind]
      return payload ? [packet(facts, payload, true)] : []
    })
  }

  /** A new world begins. */
  clear(): void {
    this.#recent = []
  }
}

function packet(facts: ChunkFacts, payload: Payload, isCatchUp: boolean): Uint8Array {
  const header: ChunkHeader = { v: PROTOCOL_VERSION, ...facts, ...payload.header }
  if (isCatchUp) header.catchUp = true
  return encodeChunkPacket(header, payload.bytes)
}

function latentPayload(latent: Float32Array, clip: number): Payload {
  const numbers = quantiseLatent(latent, clip)
  return { header: { kind: 'latent' }, bytes: new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength) }
}

function imagePayload(
  images: readonly Uint8Array[],
  depth: Float32Array | undefined,
  depthShape: [number, number],
): Payload {
  const imageBytes = images.map((image) => image.length)
  const parts = depth ? [...images, encodeDepth(depth)] : images
  return {
    header: { kind: 'image', imageType: IMAGE_TYPE, imageBytes, ...(depth ? { depthShape } : {}) },
    bytes: joined(parts),
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}
