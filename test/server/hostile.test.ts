import { getMessageBytes, Protocol } from '@colyseus/core'
import { ERROR_CODES, LIMITS, PROTOCOL_VERSION } from '@sora-world/sdk/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRoomServer, type RoomServer } from '../../packages/server/src/rooms/create-server.ts'
import { mulberry32 } from './mulberry32.ts'
import { StandInWorker } from './stand-in-worker.ts'
import { TestPlayer } from './world-client.ts'

let server: RoomServer
let attacker: TestPlayer
/** Plays in another room all the time and must not notice anything. */
let bystander: TestPlayer

beforeAll(async () => {
  server = await createRoomServer({ worker: new StandInWorker(), maxRunning: 4 })
  attacker = await TestPlayer.create(server.url)
  bystander = await TestPlayer.create(server.url)
  await bystander.untilPackets(1)
})
beforeEach(() => {
  attacker.errors.length = 0
})
afterAll(async () => {
  expect(bystander.closedWith).toBeNull()
  expect(bystander.errors).toEqual([])
  expect(bystander.order).toEqual(bystander.order.map((_, index) => `0/${index}`))
  await server.close()
})

function sendRaw(bytes: Uint8Array): void {
  attacker.room.connection.send(bytes)
}

/** The attacker is still in its room, and its room still plays. */
async function expectRoomGoesOn(): Promise<void> {
  await attacker.untilPackets(2)
  expect(attacker.closedWith).toBeNull()
}

async function expectError(code: string): Promise<void> {
  await attacker.until(() => attacker.errors.length > 0)
  expect(attacker.errors[0]).toEqual({ code, message: expect.stringMatching(/\w/) })
}

describe('messages', () => {
  it.each<[string, string, unknown]>([
    ['message-unknown', 'launch', {}],
    ['message-unknown', '__proto__', {}],
    ['message-unknown', 'constructor', {}],
    ['message-unknown', 'x'.repeat(5000), {}],
    ['message-invalid', 'control', null],
    ['message-invalid', 'control', 'forward'],
    ['message-invalid', 'control', { seq: -1, held: [], pressed: [], axes: {} }],
    ['message-invalid', 'control', { seq: 1, held: 'forward', pressed: [], axes: {} }],
    ['message-invalid', 'control', { seq: 1, held: [{}], pressed: [], axes: {} }],
    ['message-invalid', 'control', { seq: 1, held: [], pressed: [], axes: { 'camera.yaw': Number.NaN } }],
    ['message-invalid', 'control', { seq: 1, held: [], pressed: [], axes: { 'camera.yaw': 1e9 } }],
    ['message-invalid', 'control', { seq: 1, held: [], pressed: [], axes: { 'camera.yaw': Infinity } }],
    ['message-invalid', 'control', { seq: 1, held: Array(1000).fill('forward'), pressed: [], axes: {} }],
    ['action-invalid', 'control', { seq: 1, held: ['fly'], pressed: [], axes: {} }],
    ['action-invalid', 'control', { seq: 1, held: [], pressed: [], axes: { roll: 1 } }],
    ['message-invalid', 'prompt', { text: 7 }],
    ['message-invalid', 'prompt', { text: 'a forest', rngSeed: 2 ** 40 }],
    ['prompt-empty', 'prompt', { text: '' }],
    ['prompt-empty', 'event', { text: ' \n\t ' }],
    ['prompt-too-long', 'prompt', { text: 'x'.repeat(LIMITS.promptLength + 1) }],
    ['prompt-too-long', 'event', { text: 'x'.repeat(LIMITS.eventLength + 1) }],
    ['message-invalid', 'prompt', { text: 'x'.repeat(LIMITS.messageBytes) }],
    ['message-invalid', 'prompt', { text: 'x'.repeat(20 * LIMITS.messageBytes) }],
    ['message-invalid', 'downlink', { kind: 'smell' }],
    ['message-invalid', 'ping', { sentAt: 'now' }],
  ])('are answered with %s: %# %.20s', async (code, name, payload) => {
    attacker.room.send(name, payload)
    await expectError(code)
    expect(attacker.closedWith).toBeNull()
  })

  it.each<[string, string, unknown]>([
    ['message-unknown', 'launch', {}],
    ['prompt-empty', 'prompt', { text: '' }],
    ['message-invalid', 'prompt', { text: 'x'.repeat(LIMITS.messageBytes) }],
  ])('that are requests are answered with %s in the reply: %s', async (code, name, payload) => {
    expect(await attacker.request(name, payload)).toMatchObject({ ok: false, error: { code } })
    expect(attacker.errors).toEqual([])
  })

  it('with a payload that is not msgpack are refused', async () => {
    sendRaw(Uint8Array.of(Protocol.ROOM_DATA, 0xa5, ...Buffer.from('event'), 0xda, 0xff))
    await expectError('message-invalid')
    await expectRoomGoesOn()
  })

  it('that are binary, or frames of another kind, are refused', async () => {
    attacker.room.sendBytes('control', new Uint8Array(100))
    await expectError('message-unknown')
    attacker.errors.length = 0
    sendRaw(Uint8Array.of(Protocol.ROOM_INPUT_RELIABLE, 1, 2, 3))
    await expectError('message-unknown')
    await expectRoomGoesOn()
  })
})

it('1,000 messages in a second are dropped beyond the limit, with one notice, and the world goes on', async () => {
  await new Promise((resolve) => setTimeout(resolve, 1000))
  for (let seq = 0; seq < 1000; seq++) attacker.control({ seq, held: ['forward'] })
  await expectError('rate-limited')
  await expectRoomGoesOn()
  expect(attacker.errorCodes).toEqual(['rate-limited'])
  await new Promise((resolve) => setTimeout(resolve, 1000))
  attacker.control({ seq: 5000 })
  await attacker.until(() => attacker.packets.at(-1)!.header.actionSeq === 5000)
})

it('a flood of requests is answered without being carried out', async () => {
  const before = attacker.view.world
  const replies = await Promise.all(Array.from({ length: 300 }, () => attacker.request('event', { text: 'rain' })))
  const refused = replies.filter((reply) => !reply.ok)
  expect(refused.length).toBeGreaterThan(100)
  expect(refused.every((reply) => reply.error.code === 'rate-limited')).toBe(true)
  expect(attacker.view.world).toBe(before)
})

it('random bytes do no harm', async () => {
  const random = mulberry32(1)
  const kinds = [Protocol.ROOM_DATA, Protocol.ROOM_REQUEST, Protocol.ROOM_DATA_BYTES, Protocol.PING]
  const head = getMessageBytes.raw(Protocol.ROOM_DATA, 'control')
  for (let round = 0; round < 4; round++) {
    // Below the rate limit, so that every frame is really read.
    await new Promise((resolve) => setTimeout(resolve, 1000))
    for (let frame = 0; frame < 100; frame++) {
      const bytes = Uint8Array.from({ length: 1 + Math.floor(random() * 80) }, () => Math.floor(random() * 256))
      if (frame % 3 === 0) bytes.set(head.subarray(0, bytes.length))
      // Not the code for "I leave": that one may be taken at its word.
      else bytes[0] = frame % 3 === 1 ? kinds[frame % kinds.length]! : 0x60 | (19 + (frame % 12))
      sendRaw(bytes)
    }
  }
  await expectRoomGoesOn()
  expect(attacker.errors.every(({ code }) => ERROR_CODES.includes(code))).toBe(true)
})

describe('connections', () => {
  const open = (path: string) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`)
    const closed = new Promise<number>((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)))
    const opened = new Promise<void>((resolve) => socket.addEventListener('open', () => resolve()))
    return { socket, opened, closed }
  }

  it('without a seat are closed, whatever they send', async () => {
    for (const path of ['/', '/x/y?sessionId=1', `/p/${attacker.room.roomId}?sessionId=nobody`]) {
      const { socket, opened, closed } = open(path)
      await opened
      socket.send(new Uint8Array(2000).fill(13))
      expect(await closed).toBeGreaterThan(999)
    }
  })

  it('with a frame of several megabytes lose only themselves', async () => {
    const player = await TestPlayer.create(server.url)
    player.room.connection.send(new Uint8Array(3_000_000))
    await player.until(() => player.closedWith !== null)
    await expectRoomGoesOn()
  })

  it('with frames that are not WebSocket lose only themselves', async () => {
    const { connect } = await import('node:net')
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => {}).resume()
    const ended = new Promise((resolve) => socket.once('close', resolve))
    socket.write(
      `GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n`,
    )
    socket.write('Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n')
    socket.write(Buffer.alloc(300, 0xff))
    await ended
    await expectRoomGoesOn()
  })
})

describe('requests over HTTP', () => {
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })

  it.each<[string, string]>([
    ['/matchmake/create/world', 'not json'],
    ['/matchmake/create/world', 'null'],
    ['/matchmake/create/world', '[]'],
    ['/matchmake/create/world', '{}'],
    ['/matchmake/create/world', `{"protocol":${PROTOCOL_VERSION},"size":{"width":1e9,"height":1}}`],
    ['/matchmake/create/__proto__', '{}'],
    ['/matchmake/launch/world', '{}'],
    ['/matchmake/joinById/nowhere', `{"protocol":${PROTOCOL_VERSION}}`],
    ['/matchmake/create/world', `{"protocol":${PROTOCOL_VERSION},"prompt":"${'x'.repeat(100_000)}"}`],
  ])('%s with a bad body makes no room (%#)', async (path, body) => {
    const rooms = server.health().rooms
    const response = await post(path, body)
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(server.health().rooms).toBe(rooms)
  })
})
