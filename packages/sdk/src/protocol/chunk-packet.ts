import { Packr } from 'msgpackr'
import { SoraError } from './errors.ts'
import { LIMITS } from './limits.ts'
import { PROTOCOL_VERSION } from './version.ts'
import { IN_WORDS, z } from './zod.ts'

/**
 * One binary message per chunk:
 *
 *     offset 0   u32 LE   length of the header in bytes
 *     offset 4   msgpack  ChunkHeader (plain map)
 *     then                payload: int8 latent [C,h,w], or the encoded images one after the other and the depth of each
 *
 * The header says which action the chunk reflects and what it cost, so that one line of log explains one frame.
 */
const HEADER_LENGTH_BYTES = 4

/** Samples on one side: finer than any picture is no depth. */
const depthSide = z.int().check(z.positive(), z.lte(4096))

const timingsSchema = z.object({
  /** Waiting for the worker, denoise steps, commit pass, server-side decode and image encoding (image downlink only). */
  queueMs: z.number(),
  denoiseMs: z.number(),
  commitMs: z.number(),
  decodeMs: z.number(),
  /** From the first control message the chunk reflects to the packet leaving the room. */
  serverMs: z.number(),
})

const headerSchema = z.object({
  v: z.literal(PROTOCOL_VERSION),
  kind: z.enum(['latent', 'image']),
  /** Counts the worlds of this room; a new prompt or reset adds one. Decoder state starts anew with it. */
  world: z.int().check(z.nonnegative()),
  /** Chunk index within the world, from 0. */
  seq: z.int().check(z.nonnegative()),
  /** Index of the chunk's first frame within the world. */
  firstFrame: z.int().check(z.nonnegative()),
  frames: z.int().check(z.positive(), z.lte(64)),
  /** `seq` of the last control message of the driver that this chunk reflects, and who that was ('' = nobody). */
  actionSeq: z.int().check(z.nonnegative()),
  driver: z.string(),
  /** [C, h, w] of the latent; also there in image packets, for the record. */
  shape: z.tuple([z.int().check(z.positive()), z.int().check(z.positive()), z.int().check(z.positive())]),
  /** Movement into each frame, frames * fields numbers in the manifest's order; empty when the model has no pose. */
  pose: z.array(z.number()).check(z.maxLength(1024)),
  /** Image downlink: bytes of each frame's image in the payload, and their media type. */
  imageBytes: z.optional(z.array(z.int().check(z.positive())).check(z.maxLength(64))),
  imageType: z.optional(z.string()),
  /**
   * Image downlink: [height, width] of each frame's depth. The payload ends with frames * height * width bytes of it, see
   * `encodeDepth`; missing when the model gives no depth.
   */
  depthShape: z.optional(z.tuple([depthSide, depthSide])),
  /** True for chunks sent again to a late joiner: decode them, show only the last. */
  catchUp: z.optional(z.boolean()),
  /** True when the world had broken down and starts anew here, at the same place: the decoder starts anew, too. */
  recovery: z.optional(z.boolean()),
  steps: z.int().check(z.nonnegative()),
  timings: timingsSchema,
})

export type ChunkHeader = z.infer<typeof headerSchema>
export type ChunkTimings = z.infer<typeof timingsSchema>

export interface ChunkPacket {
  header: ChunkHeader
  /** A view on the received bytes: copy it to keep it. */
  payload: Uint8Array
}

const packr = new Packr({ useRecords: false, variableMapSize: true })

export function encodeChunkPacket(header: ChunkHeader, payload: Uint8Array): Uint8Array {
  const head = packr.pack(header)
  const bytes = new Uint8Array(HEADER_LENGTH_BYTES + head.length + payload.length)
  new DataView(bytes.buffer).setUint32(0, head.length, true)
  bytes.set(head, HEADER_LENGTH_BYTES)
  bytes.set(payload, HEADER_LENGTH_BYTES + head.length)
  return bytes
}

/**
 * Reads and checks one packet from the socket; trusts nothing.
 *
 * @throws SoraError `packet-invalid` for anything cut short, too long or of another shape; `protocol-version` for a
 *   header of another protocol
 */
export function decodeChunkPacket(bytes: Uint8Array): ChunkPacket {
  if (bytes.length > LIMITS.packetBytes) throw new SoraError('packet-invalid', `packet of ${bytes.length} bytes`)
  if (bytes.length < HEADER_LENGTH_BYTES)
    throw new SoraError('packet-invalid', 'packet is shorter than its length field')
  const headLength = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true)
  const payloadStart = HEADER_LENGTH_BYTES + headLength
  if (payloadStart > bytes.length) throw new SoraError('packet-invalid', 'packet was cut within its header')
  const header = readHeader(bytes.subarray(HEADER_LENGTH_BYTES, payloadStart))
  const payload = bytes.subarray(payloadStart)
  checkPayload(header, payload)
  return { header, payload }
}

function readHeader(bytes: Uint8Array): ChunkHeader {
  let raw: unknown
  try {
    raw = packr.unpack(bytes)
  } catch (cause) {
    throw new SoraError('packet-invalid', 'packet header is not msgpack', { cause })
  }
  const version = (raw as { v?: unknown } | null)?.v
  if (typeof version === 'number' && version !== PROTOCOL_VERSION) {
    throw new SoraError('protocol-version', `packet of protocol ${version}, this client speaks ${PROTOCOL_VERSION}`)
  }
  const parsed = headerSchema.safeParse(raw, IN_WORDS)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new SoraError('packet-invalid', `packet header "${issue?.path.join('.')}": ${issue?.message}`)
  }
  return parsed.data
}

function checkPayload(header: ChunkHeader, payload: Uint8Array): void {
  const [channels, height, width] = header.shape
  const expected = header.kind === 'latent' ? channels * height * width : imagesLength(header) + depthLength(header)
  if (payload.length !== expected) {
    throw new SoraError('packet-invalid', `payload has ${payload.length} bytes instead of ${expected}`)
  }
  if (header.kind === 'image' && header.imageBytes?.length !== header.frames) {
    throw new SoraError('packet-invalid', `${header.imageBytes?.length ?? 0} images for ${header.frames} frames`)
  }
}

function imagesLength({ imageBytes = [] }: ChunkHeader): number {
  return imageBytes.reduce((sum, n) => sum + n, 0)
}

/** Bytes of depth at the end of an image packet's payload. */
function depthLength({ frames, depthShape }: ChunkHeader): number {
  return depthShape ? frames * depthShape[0] * depthShape[1] : 0
}
