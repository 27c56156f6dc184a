import {
  CHUNK_MESSAGE,
  decodeChunkPacket,
  encodeChunkPacket,
  PROTOCOL_VERSION,
  parseClientMessage,
} from '@sora-world/sdk/protocol'
import { unpack } from 'msgpackr'
import { expect, it } from 'vitest'
import { checkFrame, requestIdOf } from '../../packages/server/src/rooms/read-frame.ts'
import { readPage } from './pages.ts'

const [control, request, answer, chunk] = readPage('docs/protocol.md')
  .fences.filter(({ language }) => language === 'text')
  .map(({ code }) => bytesOf(code))

function bytesOf(code: string): Uint8Array {
  const pairs = code.split('\n').flatMap((line) => line.split(';')[0]!.trim().split(/\s+/))
  return Uint8Array.from(
    pairs.filter((pair) => pair !== ''),
    (pair) => Number.parseInt(pair, 16),
  )
}

/** Name and payload of a message that begins at `offset` with its name. */
function messageAt(frame: Uint8Array, offset: number): { name: string; rest: Uint8Array } {
  const end = offset + 1 + (frame[offset]! & 0x1f)
  return { name: new TextDecoder().decode(frame.subarray(offset + 1, end)), rest: frame.subarray(end) }
}

it('shows a control message that the server takes', () => {
  expect(() => checkFrame(control!)).not.toThrow()
  const { name, rest } = messageAt(control!, 1)
  const message = { seq: 12, held: ['forward'], pressed: [], axes: { 'camera.yaw': 2.5 } }
  expect(parseClientMessage(name, unpack(rest))).toEqual(message)
  expect(name).toBe('control')
})

it('shows a request that the server takes, and its answer', () => {
  expect(() => checkFrame(request!)).not.toThrow()
  expect(requestIdOf(request!)).toBe(7)
  const { name, rest } = messageAt(request!, 2)
  expect(parseClientMessage(name, rest.length > 0 ? unpack(rest) : undefined)).toEqual({})
  expect([...answer!.subarray(0, 3)]).toEqual([0x16, requestIdOf(request!), 0])
  expect(unpack(answer!.subarray(3))).toEqual({ ok: true, value: { driver: 'abc' } })
})

it('shows a chunk that the client takes, and that is written so', () => {
  expect(chunk![0]).toBe(0x11)
  const { name, rest } = messageAt(chunk!, 1)
  expect(name).toBe(CHUNK_MESSAGE)
  const { header, payload } = decodeChunkPacket(rest)
  expect(header).toMatchObject({ v: PROTOCOL_VERSION, seq: 5, driver: 'abc', shape: [1, 1, 2] })
  expect([...new Int8Array(payload)]).toEqual([127, -127])
  expect(encodeChunkPacket(header, payload)).toEqual(rest)
})
