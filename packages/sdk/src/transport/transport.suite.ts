import { afterEach, describe, expect, it } from 'vitest'
import type { RoomView, SoraError } from '../protocol/index.ts'
import { EMPTY_ROOM } from './server-messages.ts'
import type { LinkState, Transport, TransportJoin } from './transport.ts'

/** A transport and the server that it talks to. */
export interface TransportHarness {
  transport: Transport
  /** What the server saw of the join. */
  joined(): unknown
  /** Messages that the server received, oldest first. */
  received(): { name: string; message: unknown }[]
  /** The server sends. */
  message(name: string, payload: unknown): void
  packet(bytes: Uint8Array): void
  room(view: RoomView): void
  /** The network breaks; the server is there when the client comes back. */
  drop(): void
  /** The server sends the client away for good. */
  kick(): void
  stop(): Promise<void>
}

interface Heard {
  messages: { name: string; payload: unknown }[]
  packets: number[][]
  rooms: RoomView[]
  links: LinkState[]
  problem: SoraError | undefined
}

/**
 * What every transport does. The server answers the request `event` with its own message, refuses `prompt` as
 * `not-driver`, and never answers `reset`. It keeps every world but one that begins with 0, which it refuses as `world-invalid`.
 */
export function describeTransport(name: string, start: () => Promise<TransportHarness>): void {
  describe(name, () => {
    let harness: TransportHarness
    let heard: Heard

    async function connect(join: Partial<TransportJoin> = {}): Promise<void> {
      harness = await start()
      heard = { messages: [], packets: [], rooms: [], links: [], problem: undefined }
      await harness.transport.connect(
        { options: { protocol: 1, prompt: 'a test' }, ...join },
        {
          message: (name, payload) => heard.messages.push({ name, payload }),
          packet: (bytes) => heard.packets.push([...bytes]),
          room: (view) => heard.rooms.push(view),
          link: (state, problem) => {
            heard.links.push(state)
            heard.problem = problem
          },
        },
      )
    }

    afterEach(async () => {
      await harness.transport.close()
      await harness.stop()
    })

    it('joins with the options and says who it is', async () => {
      await connect()
      expect(harness.joined()).toMatchObject({ protocol: 1, prompt: 'a test' })
      expect(harness.transport.sessionId).not.toBe('')
      expect(harness.transport.roomId).not.toBe('')
      expect(heard.links).toEqual(['open'])
    })

    it('sends messages in order', async () => {
      await connect()
      for (let sentAt = 0; sentAt < 5; sentAt++) harness.transport.send('ping', { sentAt })
      await until(() => harness.received().length === 5)
      expect(harness.received()).toEqual([0, 1, 2, 3, 4].map((sentAt) => ({ name: 'ping', message: { sentAt } })))
    })

    it('hears messages, packets and the state of the room', async () => {
      await connect()
      harness.message('pong', { sentAt: 7 })
      harness.packet(Uint8Array.from([1, 2, 255]))
      harness.packet(Uint8Array.from([3]))
      harness.room({ ...EMPTY_ROOM, status: 'running', prompt: 'a test', driver: 'somebody', seq: 3 })
      await until(() => heard.messages.length > 0 && heard.packets.length > 1 && heard.rooms.at(-1)?.seq === 3)
      expect(heard.messages).toEqual([{ name: 'pong', payload: { sentAt: 7 } }])
      expect(heard.packets).toEqual([[1, 2, 255], [3]])
      expect(heard.rooms.at(-1)).toMatchObject({ status: 'running', prompt: 'a test', driver: 'somebody' })
    })

    it('answers requests: a value, a refusal, silence', async () => {
      await connect()
      const { transport } = harness
      expect(await transport.request('event', { text: 'rain' })).toEqual({ text: 'rain' })
      await expect(transport.request('prompt', { text: 'x' })).rejects.toMatchObject({ code: 'not-driver' })
      await expect(transport.request('reset', {}, { timeoutMs: 30 })).rejects.toMatchObject({ code: 'timeout' })
    })

    it('comes back by itself, as the same client', async () => {
      await connect()
      const { sessionId } = harness.transport
      harness.drop()
      await until(() => heard.links.length === 3)
      expect(heard.links).toEqual(['open', 'reconnecting', 'open'])
      expect(harness.transport.sessionId).toBe(sessionId)
      harness.packet(Uint8Array.from([9]))
      expect(await harness.transport.request('event', { text: 'still here' })).toEqual({ text: 'still here' })
      await until(() => heard.packets.length === 1)
    })

    it('carries worlds beside the connection, also before it', async () => {
      const { transport } = await start()
      const world = Uint8Array.from({ length: 300_000 }, (_, i) => (i % 251) + 1)
      const id = await transport.sendWorld(world)
      expect(await transport.fetchWorld(id)).toEqual(world)
      await expect(transport.fetchWorld('f'.repeat(32))).rejects.toMatchObject({ code: 'world-missing' })
      await expect(transport.sendWorld(Uint8Array.of(0))).rejects.toMatchObject({ code: 'world-invalid' })
      await connect()
    })

    it('fails what was under way when the connection drops, and what is asked in between', async () => {
      await connect()
      const underWay = harness.transport.request('reset', {})
      underWay.catch(() => {})
      await until(() => harness.received().length === 1)
      harness.drop()
      await expect(underWay).rejects.toMatchObject({ code: 'connection-lost' })
      await expect(harness.transport.request('event', {})).rejects.toMatchObject({ code: 'connection-lost' })
      harness.transport.send('ping', { sentAt: 1 })
    })

    it('ends when the server sends it away', async () => {
      await connect()
      harness.kick()
      await until(() => heard.links.includes('closed'))
      expect(heard.links).toEqual(['open', 'closed'])
      expect(heard.problem?.code).toBe('connection-lost')
    })

    it('closes once, quietly, and says nothing afterwards', async () => {
      await connect()
      await harness.transport.close()
      await harness.transport.close()
      expect(heard.links).toEqual(['open', 'closed'])
      expect(heard.problem).toBeUndefined()
      harness.transport.send('ping', { sentAt: 1 })
      await expect(harness.transport.request('event', {})).rejects.toMatchObject({ code: 'connection-lost' })
    })
  })
}

async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 5000
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('it did not happen within five seconds')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
