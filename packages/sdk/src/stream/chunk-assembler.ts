import { type ChunkHeader, decodeChunkPacket, SoraError } from '../protocol/index.ts'

interface ChunkBase {
  header: ChunkHeader
  world: number
  seq: number
  /** True when it does not follow the chunk before: the decoder forgets its state. */
  restart: boolean
  /** Bytes on the wire. */
  bytes: number
}

export interface LatentChunk extends ChunkBase {
  kind: 'latent'
  /** [C,h,w] as on the wire; see `dequantiseLatent`. Owned by the chunk. */
  latent: Int8Array<ArrayBuffer>
}

export interface ImageChunk extends ChunkBase {
  kind: 'image'
  /** One encoded picture per frame. Owned by the chunk. */
  images: Uint8Array<ArrayBuffer>[]
  imageType: string
  /** [F,h,w] codes of `decodeDepth`, owned by the chunk; null when the server sends none. */
  depth: { codes: Uint8Array<ArrayBuffer>; width: number; height: number } | null
}

export type Chunk = LatentChunk | ImageChunk

/** What became of one packet. */
export type AssemblerOutcome =
  /** `missed` chunks of this world were lost before it, so it restarts. */
  | { kind: 'chunk'; chunk: Chunk; missed: number }
  /** Seen before. */
  | { kind: 'duplicate'; world: number; seq: number }
  /** Of a world that was already left, or overtaken within this one. */
  | { kind: 'stale'; world: number; seq: number }
  | { kind: 'invalid'; error: SoraError }

/**
 * Packets in, chunks out, in order. Nothing waits: a chunk that comes late is stale, since playing it would only add
 * delay to everything behind it.
 */
export class ChunkAssembler {
  #world = -1
  #seq = -1
  #kind: Chunk['kind'] | null = null

  /** `bytes` may be a view that is reused: chunks own copies. */
  push(bytes: Uint8Array): AssemblerOutcome {
    let packet: ReturnType<typeof decodeChunkPacket>
    try {
      packet = decodeChunkPacket(bytes)
    } catch (error) {
      if (error instanceof SoraError) return { kind: 'invalid', error }
      throw error
    }
    const { header, payload } = packet
    const { world, seq } = header
    if (world < this.#world) return { kind: 'stale', world, seq }
    if (world === this.#world && seq === this.#seq) return { kind: 'duplicate', world, seq }
    if (world === this.#world && seq < this.#seq) return { kind: 'stale', world, seq }
    return this.#accept(header, payload, bytes.length)
  }

  /** The next chunk restarts, whatever its number: the decoder lost its state. */
  expectRestart(): void {
    this.#kind = null
  }

  #accept(header: ChunkHeader, payload: Uint8Array, bytes: number): AssemblerOutcome {
    const { world, seq, kind } = header
    const follows = world === this.#world && seq === this.#seq + 1
    const missed = world === this.#world ? seq - this.#seq - 1 : 0
    const restart = !follows || kind !== this.#kind || header.recovery === true
    this.#world = world
    this.#seq = seq
    this.#kind = kind
    const base = { header, world, seq, restart, bytes }
    const chunk: Chunk =
      kind === 'latent'
        ? { ...base, kind, latent: new Int8Array(payload) }
        : { ...base, ...splitPayload(header, payload) }
    return { kind: 'chunk', chunk, missed }
  }
}

function splitPayload(header: ChunkHeader, payload: Uint8Array): Omit<ImageChunk, keyof ChunkBase> {
  const { imageBytes = [], imageType = 'image/webp', depthShape } = header
  let offset = 0
  // A copy: `slice` would be a view where the bytes are a Node Buffer.
  const take = (length: number) => new Uint8Array(payload.subarray(offset, (offset += length)))
  const images = imageBytes.map(take)
  if (!depthShape) return { kind: 'image', images, imageType, depth: null }
  const [height, width] = depthShape
  return { kind: 'image', images, imageType, depth: { codes: take(header.frames * height * width), width, height } }
}
