import { getMessageBytes, Protocol } from '@colyseus/core'
import { parseClientMessage, SoraError } from '@sora-world/sdk/protocol'
import { pack, unpack } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { checkFrame, isControlFrame, requestIdOf } from './read-frame.ts'

const code = (frame: Uint8Array) => {
  try {
    checkFrame(frame)
    return 'fine'
  } catch (thrown) {
    return (thrown as SoraError).code
  }
}
/** As the Colyseus client writes a request: kind, id, name, payload. */
const request = (id: number[], name: string, payload: unknown = {}) =>
  Uint8Array.of(Protocol.ROOM_REQUEST, ...id, 0xa0 | name.length, ...Buffer.from(name), ...pack(payload))

describe('a frame', () => {
  it('with a message that is known is let through, whatever the payload means', () => {
    expect(code(getMessageBytes.raw(Protocol.ROOM_DATA, 'control', { seq: 'x' }))).toBe('fine')
    expect(code(getMessageBytes.raw(Protocol.ROOM_DATA, 'take-control'))).toBe('fine')
    expect(code(request([7], 'prompt', { text: 'a' }))).toBe('fine')
  })

  it('says under which number the answer is awaited', () => {
    expect(requestIdOf(request([7], 'reset'))).toBe(7)
    expect(requestIdOf(request([204, 200], 'reset'))).toBe(200)
    expect(requestIdOf(request([205, 0x10, 0x27], 'reset'))).toBe(10_000)
    expect(requestIdOf(request([206, 1, 0, 1, 0], 'reset'))).toBe(65_537)
    expect(requestIdOf(Uint8Array.of(Protocol.ROOM_REQUEST, 206, 1))).toBeNull()
    expect(requestIdOf(getMessageBytes.raw(Protocol.ROOM_DATA, 'reset'))).toBeNull()
  })

  it.each<[string, number[]]>([
    ['message-unknown', [Protocol.ROOM_DATA]],
    ['message-unknown', [Protocol.ROOM_DATA, 0xaf]],
    ['message-unknown', [Protocol.ROOM_DATA, 0xdb, 255, 255, 255, 255, 1]],
    ['message-unknown', [Protocol.ROOM_DATA, 5, 1]],
    ['message-unknown', [Protocol.ROOM_REQUEST]],
    ['message-unknown', [Protocol.ROOM_DATA_BYTES, 0xa4, 112, 105, 110, 103]],
    ['message-unknown', [31]],
    ['message-invalid', [Protocol.ROOM_DATA, 0xa4, 112, 105, 110, 103, 0xdd, 255, 255, 255, 255]],
    ['message-invalid', [Protocol.ROOM_DATA, 0xa4, 112, 105, 110, 103, 0xda, 0xff]],
    ['message-invalid', new Array(16 * 1024 + 1).fill(Protocol.ROOM_DATA)],
  ])('is refused with %s (%#)', (expected, bytes) => {
    expect(code(Uint8Array.from(bytes))).toBe(expected)
  })

  it('to join, to leave or to ping is none of our business', () => {
    for (const kind of [Protocol.JOIN_ROOM, Protocol.LEAVE_ROOM, Protocol.PING]) {
      expect(isControlFrame(Uint8Array.of(kind))).toBe(true)
    }
    expect(isControlFrame(Uint8Array.of(Protocol.ROOM_DATA))).toBe(false)
  })
})

it('100,000 broken frames are each refused with one of our errors, or harmless', () => {
  const whole = getMessageBytes.raw(Protocol.ROOM_DATA, 'control', {
    seq: 1,
    held: ['jump'],
    pressed: [],
    axes: { a: 1 },
  })
  const payloadAt = 2 + 'control'.length
  let state = 1
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  for (let i = 0; i < 100_000; i++) {
    const frame = Uint8Array.from(whole.subarray(0, 1 + random(whole.length)))
    for (let change = random(4); change >= 0; change--) frame[random(frame.length)] = random(256)
    try {
      checkFrame(frame)
      if (frame.length > payloadAt) parseClientMessage('control', unpack(frame.subarray(payloadAt)))
    } catch (thrown) {
      if (!(thrown instanceof SoraError)) throw thrown
    }
  }
})
