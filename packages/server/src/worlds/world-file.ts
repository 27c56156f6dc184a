import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { deflate, inflate } from 'node:zlib'
import { LIMITS, SoraError, toSoraError } from '@sora-world/sdk/protocol'
import type { CommittedChunk } from '../worker/model-worker.ts'
import { valueAt } from './log-keeper.ts'
import { parseHeader, type WorldHeader } from './world-header.ts'
import type { WorldValue } from './world-value.ts'

/**
 * A world as a file, little-endian: "SORAWRLD", uint16 version, uint16 0, uint32 length of the body, SHA-256 of the rest;
 * the rest is the body, deflated.
 *
 * Body: uint32 length of the header, the header as JSON, then without gaps float32 actions, uint32 hashes and uint8 batch
 * sizes of the log; of each chunk of the history float32 latent and pose; bytes of the memory, float32 state of the
 * decoder, bytes of the memory from when all was well, bytes of the picture.
 */
const MAGIC = 'SORAWRLD'
export const WORLD_FILE_VERSION = 1
const HEAD_BYTES = 48
/** A body of more is no world: an hour's log and the largest history are far below. */
const MAX_BODY_BYTES = 64 * 1024 * 1024

const deflated = promisify<Uint8Array, Buffer>(deflate)
const inflated = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflate)

/** @throws SoraError `world-invalid` when the file would be larger than `LIMITS.worldBytes` */
export async function writeWorld(value: WorldValue): Promise<Uint8Array> {
  const body = bodyOf(value)
  const packed = await deflated(body)
  const bytes = new Uint8Array(HEAD_BYTES + packed.length)
  const view = new DataView(bytes.buffer)
  bytes.set(Buffer.from(MAGIC, 'latin1'))
  view.setUint16(8, WORLD_FILE_VERSION, true)
  view.setUint32(12, body.length, true)
  bytes.set(createHash('sha256').update(packed).digest(), 16)
  bytes.set(packed, HEAD_BYTES)
  if (bytes.length > LIMITS.worldBytes)
    refuse(`the file would have ${bytes.length} bytes; ${LIMITS.worldBytes} are allowed`)
  return bytes
}

/**
 * Reads a world file, whoever wrote it. Whether a model can play it is another question: `checkWorld`.
 *
 * @throws SoraError `world-invalid` for what is cut, foreign, damaged or too large; `world-version` for a file of another
 *   version
 */
export async function readWorld(bytes: Uint8Array): Promise<WorldValue> {
  const body = await readBody(bytes)
  const reader = new SectionReader(body)
  const header = parseHeader(reader.text(reader.u32()))
  const value = readSections(reader, header)
  reader.end()
  return value
}

async function readBody(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length > LIMITS.worldBytes) refuse(`${bytes.length} bytes; a world has at most ${LIMITS.worldBytes}`)
  if (Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1') !== MAGIC) refuse('this is not a world file')
  if (bytes.length < HEAD_BYTES) refuse('the world file is cut off')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = view.getUint16(8, true)
  if (version !== WORLD_FILE_VERSION) {
    throw new SoraError('world-version', `a world file of version ${version}; this program reads ${WORLD_FILE_VERSION}`)
  }
  const packed = bytes.subarray(HEAD_BYTES)
  const hash = createHash('sha256').update(packed).digest()
  if (!hash.equals(bytes.subarray(16, HEAD_BYTES))) refuse('the world file is cut off or damaged')
  const length = view.getUint32(12, true)
  if (length > MAX_BODY_BYTES) refuse(`a body of ${length} bytes`)
  // Checked here: with 0 allowed, nothing would be.
  const body = await inflated(packed, { maxOutputLength: Math.max(1, length) }).catch((thrown) => {
    throw new SoraError('world-invalid', `the world file cannot be unpacked: ${toSoraError(thrown).message}`)
  })
  if (body.length !== length) refuse(`${body.length} bytes instead of ${length} in the body`)
  return body
}

function bodyOf(value: WorldValue): Uint8Array {
  const { log, history, mark, picture } = value
  const header = Buffer.from(JSON.stringify(headerOf(value)), 'utf8')
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, header.length, true)
  const chunks = history.flatMap(({ latent, pose }) => [latent, pose ?? new Float32Array()])
  const parts = [
    log.actions,
    log.hashes,
    log.batches,
    ...chunks,
    mark?.memory,
    mark?.decoder,
    mark?.wellMemory,
    picture,
  ]
  return Buffer.concat([length, header, ...parts.flatMap((part) => (part ? [bytesOf(part)] : []))])
}

function headerOf({ log, history, mark, picture, events, ...facts }: WorldValue): WorldHeader {
  const [chunk] = history
  return {
    ...facts,
    events: [...events],
    log: { first: log.first, count: log.hashes.length, captions: [...log.captions], makers: [...log.makers] },
    history: history.length,
    actions: chunk?.actions.length ?? 0,
    latent: chunk?.latent.length ?? 0,
    pose: chunk?.pose?.length ?? 0,
    mark: mark
      ? {
          index: mark.index,
          memory: mark.memory?.length ?? null,
          decoder: mark.decoder?.length ?? null,
          guard: mark.guard,
          wellMemory: mark.wellMemory?.length,
        }
      : null,
    picture: picture?.length ?? 0,
  }
}

function readSections(reader: SectionReader, header: WorldHeader): WorldValue {
  const { log: logHead, history: historyLength, actions: actionLength, latent, pose, mark, picture, ...facts } = header
  const { first, count, captions, makers } = logHead
  const actions = reader.floats(count * actionLength)
  const log = { first, actions, hashes: reader.words(count), batches: reader.bytes(count), captions, makers }
  const history = Array.from({ length: historyLength }, (_, i): CommittedChunk => {
    const at = count - historyLength + i
    return {
      index: first + at,
      latent: reader.floats(latent),
      pose: pose > 0 ? reader.floats(pose) : undefined,
      actions: actions.subarray(at * actionLength, (at + 1) * actionLength),
      caption: valueAt(captions, first + at),
    }
  })
  const markRead = mark && {
    index: mark.index,
    memory: mark.memory === null ? undefined : reader.bytes(mark.memory),
    decoder: mark.decoder === null ? undefined : reader.floats(mark.decoder),
    guard: mark.guard,
    wellMemory: mark.wellMemory === undefined ? undefined : reader.bytes(mark.wellMemory),
  }
  return {
    ...facts,
    log,
    history,
    mark: markRead ?? undefined,
    picture: picture > 0 ? reader.bytes(picture) : undefined,
  }
}

/** Takes a body apart, front to back; what it gives are copies. */
class SectionReader {
  readonly #body: Uint8Array
  #at = 0

  constructor(body: Uint8Array) {
    this.#body = body
  }

  u32(): number {
    return new DataView(this.bytes(4).buffer).getUint32(0, true)
  }

  text(length: number): string {
    return Buffer.from(this.bytes(length)).toString('utf8')
  }

  words(count: number): Uint32Array {
    return new Uint32Array(this.bytes(count * 4).buffer)
  }

  floats(count: number): Float32Array {
    const numbers = new Float32Array(this.bytes(count * 4).buffer)
    if (!numbers.every(Number.isFinite)) refuse('the world file holds a number that is not finite')
    return numbers
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.#body.length - this.#at) refuse('the world file ends before its numbers do')
    this.#at += length
    // Not `slice`: that of a Buffer is a view.
    return Uint8Array.from(this.#body.subarray(this.#at - length, this.#at))
  }

  end(): void {
    if (this.#at !== this.#body.length) refuse('the world file has more numbers than it says')
  }
}

function bytesOf(numbers: Float32Array | Uint32Array | Uint8Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}

function refuse(reason: string): never {
  throw new SoraError('world-invalid', reason)
}
