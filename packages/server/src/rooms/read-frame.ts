import { Protocol } from '@colyseus/core'
import { CLIENT_MESSAGE_NAMES, LIMITS, SoraError } from '@sora-world/sdk/protocol'
import { unpack } from 'msgpackr'

/** Colyseus keeps flags in the upper bits of the first byte. */
const CODE_MASK = 0x1f
/** msgpack: a string of up to 31 bytes is one byte 101xxxxx and the text. All our names fit. */
const SHORT_STRING_MASK = 0xe0
const SHORT_STRING = 0xa0

/** Joining, leaving and Colyseus' own ping: not messages of ours. */
const CONTROL_CODES: readonly number[] = [Protocol.JOIN_ROOM, Protocol.LEAVE_ROOM, Protocol.PING]

export function isControlFrame(frame: Uint8Array): boolean {
  return CONTROL_CODES.includes(frame[0]! & CODE_MASK)
}

/** Id under which the client waits for an answer; null when the frame is no request. */
export function requestIdOf(frame: Uint8Array): number | null {
  return (frame[0]! & CODE_MASK) === Protocol.ROOM_REQUEST ? (readNumber(frame, 1)?.value ?? null) : null
}

/**
 * Says whether Colyseus can take a frame apart; where it cannot, it would close the connection.
 *
 * @throws SoraError `message-invalid` or `message-unknown`
 */
export function checkFrame(frame: Uint8Array): void {
  if (frame.length > LIMITS.messageBytes) {
    throw new SoraError(
      'message-invalid',
      `message of ${frame.length} bytes; at most ${LIMITS.messageBytes} are allowed`,
    )
  }
  const code = frame[0]! & CODE_MASK
  if (code === Protocol.ROOM_DATA) checkMessage(frame, 1)
  else if (code === Protocol.ROOM_REQUEST) checkMessage(frame, readNumber(frame, 1)?.end ?? frame.length)
  else throw new SoraError('message-unknown', `frame of kind ${code} is not used here`)
}

/** `offset`: where the name of the message starts. */
function checkMessage(frame: Uint8Array, offset: number): void {
  const prefix = frame[offset] ?? 0
  const payloadAt = offset + 1 + (prefix & ~SHORT_STRING_MASK)
  if ((prefix & SHORT_STRING_MASK) !== SHORT_STRING || payloadAt > frame.length) {
    throw new SoraError('message-unknown', 'message without a name that is known here')
  }
  const name = Buffer.from(frame.subarray(offset + 1, payloadAt)).toString('utf8')
  if (!(CLIENT_MESSAGE_NAMES as readonly string[]).includes(name)) {
    throw new SoraError('message-unknown', `unknown message "${name}"`)
  }
  if (payloadAt === frame.length) return
  try {
    unpack(frame.subarray(payloadAt))
  } catch (cause) {
    throw new SoraError('message-invalid', `message "${name}" is not msgpack`, { cause })
  }
}

/** Colyseus' number: one byte up to 127, else a type byte and 1, 2 or 4 bytes little endian. */
function readNumber(frame: Uint8Array, offset: number): { value: number; end: number } | null {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const prefix = frame[offset] ?? 0xff
  const size = prefix < 0x80 ? 0 : { 204: 1, 205: 2, 206: 4 }[prefix]
  if (size === undefined || offset + 1 + size > frame.length) return null
  const at = offset + 1
  const value =
    size === 0
      ? prefix
      : size === 1
        ? view.getUint8(at)
        : size === 2
          ? view.getUint16(at, true)
          : view.getUint32(at, true)
  return { value, end: at + size }
}
