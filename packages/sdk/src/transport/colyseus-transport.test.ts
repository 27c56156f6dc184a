import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Client, defineRoom, defineServer, Room } from '@colyseus/core'
import { schema, t } from '@colyseus/schema'
import { WebSocketTransport } from '@colyseus/ws-transport'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { CHUNK_MESSAGE, ROOM_NAME, SoraError } from '../protocol/index.ts'
import { ColyseusTransport } from './colyseus-transport.ts'
import { joinError } from './join-error.ts'
import { describeTransport, type TransportHarness } from './transport.suite.ts'

const EchoState = schema({ status: t.string().default(''), prompt: t.string().default(''), driver: t.string().default(''), seq: t.int32().default(0) }) // biome-ignore format: one line

/** The server's side of the conformance suite. */
class EchoRoom extends Room {
  static last: EchoRoom
  override state = new EchoState()
  override patchRate = 10
  joined: unknown
  received: { name: string; message: unknown }[] = []
  /** Sockets by session, also of clients that left. */
  person!: Client

  static override async onAuth(_token: string, options: { prompt?: string }): Promise<boolean> {
    if (options.prompt === 'refuse me') throw new Error('busy: the server is full')
    return true
  }

  override onCreate(): void {
    EchoRoom.last = this
    const note = (name: string, answer?: (message: unknown) => unknown) =>
      this.onMessage(name, (_client: Client, message: unknown) => {
        this.received.push({ name, message })
        return answer?.(message)
      })
    note('ping')
    note('event', (value) => ({ ok: true, value }))
    note('prompt', () => ({ ok: false, error: { code: 'not-driver', message: 'no' } }))
    note('reset', () => new Promise(() => {}))
  }

  override onJoin(client: Client, options: unknown): void {
    this.joined = options
    this.person = client
  }

  override onDrop(client: Client): void {
    this.allowReconnection(client, 5).catch(() => {})
  }

  override onReconnect(client: Client): void {
    this.person = client
  }
}

/** As much of express as is needed. */
interface Routes {
  get(path: string, answer: (request: IncomingMessage, response: ServerResponse) => void): void
  post(path: string, answer: (request: IncomingMessage, response: ServerResponse) => void): void
}

function keepWorlds(app: Routes): void {
  const worlds: Buffer[] = []
  const refuse = (response: ServerResponse, status: number, code: string) =>
    response.writeHead(status).end(JSON.stringify({ code, message: 'no' }))
  app.get('/worlds/:id', (request, response) => {
    const world = worlds[Number(request.url!.split('/').at(-1))]
    if (world) response.end(world)
    else refuse(response, 404, 'world-missing')
  })
  app.post('/worlds', async (request, response) => {
    const world = Buffer.concat(await request.toArray())
    if (world[0] === 0) refuse(response, 400, 'world-invalid')
    else response.writeHead(201).end(JSON.stringify({ id: String(worlds.push(world) - 1) }))
  })
}

let url: string
let stop: () => Promise<void>

beforeAll(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  const http = createServer()
  const server = defineServer({
    greet: false,
    gracefullyShutdown: false,
    transport: new WebSocketTransport({ server: http }),
    rooms: { [ROOM_NAME]: defineRoom(EchoRoom) },
    express: (app) => keepWorlds(app as unknown as Routes),
  })
  await server.listen(0, '127.0.0.1')
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  stop = () => server.gracefullyShutdown(false)
})

afterAll(async () => {
  await stop()
  vi.restoreAllMocks()
})

describeTransport('ColyseusTransport', async () => {
  const transport = new ColyseusTransport(url)
  const room = () => EchoRoom.last
  return {
    transport,
    joined: () => room().joined,
    received: () => room().received,
    message: (name, payload) => room().person.send(name, payload),
    packet: (bytes) => room().person.sendBytes(CHUNK_MESSAGE, bytes),
    room: ({ status, prompt, driver, seq }) => void Object.assign(room().state, { status, prompt, driver, seq }),
    drop: () => transport.drop(),
    kick: () => room().person.leave(4002, 'go'),
    stop: async () => {},
  } satisfies TransportHarness
})

describe('joining', () => {
  const listener = { message() {}, packet() {}, room() {}, link() {} }

  it('gives the reason of the server when it refuses', async () => {
    const join = { options: { protocol: 1, prompt: 'refuse me' } }
    await expect(new ColyseusTransport(url).connect(join, listener)).rejects.toMatchObject({
      code: 'busy',
      message: 'the server is full',
    })
  })

  it('says that a room is not there', async () => {
    const join = { options: { protocol: 1 }, roomId: 'nowhere' }
    await expect(new ColyseusTransport(url).connect(join, listener)).rejects.toMatchObject({ code: 'room-missing' })
  })

  it('says that nobody is there', async () => {
    const lonely = new ColyseusTransport('http://127.0.0.1:9')
    await expect(lonely.connect({ options: { protocol: 1 } }, listener)).rejects.toMatchObject({
      code: 'connection-lost',
    })
  })

  it('leaves our own errors as they are', () => {
    const error = new SoraError('timeout', 'x')
    expect(joinError(error)).toBe(error)
  })
})
