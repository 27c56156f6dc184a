import { describe, expect, it } from 'vitest'
import { SoraError } from '../protocol/index.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { MemoryTransport } from './memory-transport.ts'
import { describeTransport, type TransportHarness } from './transport.suite.ts'

describeTransport('MemoryTransport', async () => {
  let joined: unknown
  const received: { name: string; message: unknown }[] = []
  const worlds: Uint8Array[] = []
  const transport: MemoryTransport = new MemoryTransport(
    {
      sendWorld(bytes) {
        if (bytes[0] === 0) throw new SoraError('world-invalid', 'no')
        return String(worlds.push(bytes) - 1)
      },
      fetchWorld(id) {
        const world = worlds[Number(id)]
        if (!world) throw new SoraError('world-missing', 'no')
        return world
      },
      join: (options) => {
        joined = options
      },
      message: (name, message) => received.push({ name, message }),
      request: (name, message) => {
        received.push({ name, message })
        if (name === 'prompt') throw new SoraError('not-driver', 'no')
        return name === 'reset' ? new Promise(() => {}) : { ok: true, value: message }
      },
    },
    { dropMs: 20, latencyMs: 1 },
  )
  return {
    transport,
    joined: () => joined,
    received: () => received,
    message: (name, payload) => transport.deliver(name, payload),
    packet: (bytes) => transport.deliverPacket(bytes),
    room: (view) => transport.deliverRoom(view),
    drop: () => transport.drop(),
    kick: () => transport.kick(new SoraError('connection-lost', 'go')),
    stop: async () => {},
  } satisfies TransportHarness
})

describe('the simulated link', () => {
  const silent = { message() {}, room() {}, link() {} }

  it('delays, keeps order under jitter, and loses the share it is told', async () => {
    const clock = new VirtualClock()
    let state = 1
    const rng = () => {
      state = (state * 1664525 + 1013904223) % 2 ** 32
      return state / 2 ** 32
    }
    const transport = new MemoryTransport({}, { clock, latencyMs: 50, jitterMs: 40, loss: 0.1, rng })
    const arrivals: { number: number; atMs: number }[] = []
    const packet = (bytes: Uint8Array) => arrivals.push({ number: bytes[0]!, atMs: clock.now() })
    const connecting = transport.connect({ options: { protocol: 1 } }, { ...silent, packet })
    await clock.advance(100)
    await connecting
    for (let number = 0; number < 250; number++) {
      transport.deliverPacket(Uint8Array.from([number]))
      await clock.advance(10)
    }
    await clock.advance(100)
    const numbers = arrivals.map(({ number }) => number)
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    expect(numbers.length).toBeGreaterThan(210)
    expect(numbers.length).toBeLessThan(240)
    const delays = arrivals.map(({ number, atMs }) => atMs - 100 - number * 10)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(50)
    expect(Math.max(...delays)).toBeLessThanOrEqual(90)
    await transport.close()
    expect(clock.pending).toBe(0)
  })

  it('ends for good when it is told never to come back', async () => {
    const clock = new VirtualClock()
    const transport = new MemoryTransport({}, { clock, dropMs: Number.POSITIVE_INFINITY })
    const links: string[] = []
    const link = (state: string, problem?: SoraError) => links.push(problem ? `${state}: ${problem.code}` : state)
    const connecting = transport.connect({ options: { protocol: 1 } }, { ...silent, packet() {}, link })
    await clock.advance(1)
    await connecting
    transport.drop()
    expect(links).toEqual(['open', 'reconnecting', 'closed: connection-lost'])
    expect(clock.pending).toBe(0)
  })

  it('passes the refusal of a join on', async () => {
    const refuse = () => {
      throw new SoraError('busy', 'full')
    }
    const transport = new MemoryTransport({ join: refuse })
    await expect(transport.connect({ options: { protocol: 1 } }, { ...silent, packet() {} })).rejects.toMatchObject({
      code: 'busy',
    })
  })
})
