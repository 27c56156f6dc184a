import { afterEach, describe, expect, it } from 'vitest'
import type { WorldClientOptions } from './client/world-options.ts'
import { FakeDecoder } from './decode/fake-decoder.ts'
import { SoraError } from './protocol/index.ts'
import type { Frame } from './stream/frame.ts'
import { FakeWorld, type FakeWorldOptions } from './transport/fake-world.ts'
import { MemoryTransport } from './transport/memory-transport.ts'
import { VirtualClock } from './virtual-clock.ts'
import { WorldClient } from './world-client.ts'

let clock: VirtualClock
let world: WorldClient | null = null

interface Setup {
  world: WorldClient
  server: FakeWorld
  decoder: FakeDecoder
  frames: Frame[]
}

async function start(serverOptions: FakeWorldOptions = {}, options: WorldClientOptions = {}): Promise<Setup> {
  clock = new VirtualClock(1000)
  const server = new FakeWorld({ clock, latencyMs: 5, ...serverOptions })
  const decoder = new FakeDecoder()
  const connecting = WorldClient.connect('http://nowhere', {
    clock,
    transport: server.transport,
    files: server.files,
    decoder,
    ...options,
  })
  connecting.catch(() => {})
  await clock.advance(20)
  world = await connecting
  const frames: Frame[] = []
  world.on('frame', (frame) => frames.push(frame))
  return { world, server, decoder, frames }
}

afterEach(async () => {
  await world?.close()
  world = null
})

/** Waits in virtual time; a failure of the promise is not lost meanwhile. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  await clock.advance(ms)
  const late = Symbol()
  const result = await Promise.race([promise, Promise.resolve(late)])
  if (result === late) throw new Error(`nothing within ${ms} ms`)
  return result as T
}

describe('frames', () => {
  it('come evenly and complete, by a timer of its own where nobody calls update', async () => {
    const { world, frames } = await start()
    await clock.advance(4000)
    expect(world.state).toBe('running')
    const first = frames[0]!.index
    expect(frames.map((frame) => frame.index)).toEqual(frames.map((_, index) => first + index))
    expect(world.stats.fps).toBeCloseTo(20, 0)
    expect(world.stats.drops).toBe(0)
    expect(frames.at(-1)).toMatchObject({ width: 128, height: 80, depthWidth: 16, depthHeight: 10, driver: 'me' })
  })

  it('come by update alone once it was called', async () => {
    const { world, frames } = await start()
    world.update()
    frames.length = 0
    await clock.advance(1000)
    expect(frames).toEqual([])
    const frame = world.update(clock.now())
    expect(frame).toBe(world.frame)
    expect(frames).toEqual([frame])
    expect(world.update(clock.now())).toBeNull()
  })

  it('are released when the next one is shown, dropped or shown', async () => {
    const { world, decoder } = await start()
    await clock.advance(3000)
    // The one that is shown and those that wait.
    expect(decoder.outstanding).toBeLessThan(8)
    await world.close()
    expect(decoder.outstanding).toBeLessThanOrEqual(1)
  })

  it('carry a pose that adds up', async () => {
    const { frames } = await start()
    await clock.advance(1000)
    const { pose, index } = frames.at(-1)!
    expect(pose?.yaw).toBeCloseTo(index + 1)
    expect(pose!.z).toBeLessThan(0)
  })

  it('go on after lost chunks, with a decoder that starts anew', async () => {
    const { world, server, frames } = await start({ isLive: false })
    for (const seq of [0, 1, 4, 5]) {
      server.makeChunk({ seq, firstFrame: seq * 4 })
      await clock.advance(200)
    }
    expect(world.stats.missedChunks).toBe(2)
    expect(frames.at(-1)!.seq).toBe(5)
  })

  it('tell where the world had broken down and starts anew, in the same place', async () => {
    const { world, server, frames } = await start({ isLive: false })
    const recoveries: unknown[] = []
    world.on('recovery', (where) => recoveries.push(where))
    for (const seq of [0, 1, 2, 3]) {
      server.makeChunk({ seq, firstFrame: seq * 4, ...(seq === 2 ? { recovery: true } : {}) })
      await clock.advance(200)
    }
    expect(recoveries).toEqual([{ world: 0, seq: 2 }])
    expect(world.stats).toMatchObject({ recoveries: 1, missedChunks: 0 })
    expect(frames.at(-1)!.pose!.yaw).toBeCloseTo(frames.at(-1)!.index + 1)
  })

  it('show only the last of what is sent again to a late joiner', async () => {
    const { server, frames } = await start({ isLive: false })
    for (const seq of [3, 4, 5]) server.makeChunk({ seq, firstFrame: seq * 4, catchUp: true })
    await clock.advance(300)
    expect(frames.at(-1)!.index).toBe(23)
    expect(frames.length).toBeLessThanOrEqual(3)
  })

  it('survive hostile packets, which are reported', async () => {
    const { world, server, frames } = await start()
    const errors: string[] = []
    world.on('error', ({ code }) => errors.push(code))
    for (let length = 0; length < 40; length++) server.transport.deliverPacket(new Uint8Array(length).fill(length))
    await clock.advance(1000)
    expect(world.stats.invalidPackets).toBe(40)
    expect(new Set(errors)).toEqual(new Set(['packet-invalid']))
    expect(frames.length).toBeGreaterThan(15)
  })

  it('skip to the newest chunk when the decoder is too slow', async () => {
    const slow = new FakeDecoder({ work: () => new Promise((resolve) => void clock.setTimeout(resolve, 500)) })
    const { world, frames } = await start({}, { decoder: slow })
    await clock.advance(10_000)
    const age = world.room.world === 0 ? clock.now() / 200 - frames.at(-1)!.seq : 0
    expect(age).toBeLessThan(10)
    expect(world.stats.missedChunks).toBeGreaterThan(10)
  })
})

describe('controls', () => {
  it('travel at once, then at most thirty times a second, and are kept alive while held', async () => {
    const { world, server } = await start()
    world.hold({ forward: true })
    world.look(3, -1)
    await clock.advance(10)
    expect(server.controls).toMatchObject([
      { seq: 1, held: ['forward'], pressed: ['forward'], axes: { 'camera.yaw': 3, 'camera.pitch': -1 } },
    ])
    for (let ms = 0; ms < 1000; ms += 5) {
      world.look(0.5)
      await clock.advance(5)
    }
    expect(server.controls.length).toBeGreaterThan(25)
    expect(server.controls.length).toBeLessThan(33)
    const turned = server.controls.reduce((sum, { axes }) => sum + (axes['camera.yaw'] ?? 0), 0)
    expect(turned).toBeGreaterThan(100)
    const before = server.controls.length
    await clock.advance(2000)
    expect(server.controls.length - before).toBeGreaterThanOrEqual(3)
    world.release()
    await clock.advance(3000)
    expect(server.controls.at(-1)).toMatchObject({ held: [] })
    expect(server.controls.length - before).toBeLessThan(8)
  })

  it('are kept back from a world that somebody else drives', async () => {
    const { world, server } = await start({ room: { driver: 'somebody' } })
    world.hold({ forward: true })
    world.look(400)
    await clock.advance(1000)
    expect(world.isDriver).toBe(false)
    expect(server.controls).toEqual([])
    await within(20, world.takeControl())
    expect(world.isDriver).toBe(true)
    await clock.advance(20)
    expect(server.controls[0]).toMatchObject({ held: ['forward'] })
    expect(server.controls[0]?.axes).toEqual({})
    world.releaseControl()
    await clock.advance(100)
    expect(world.isDriver).toBe(false)
    expect(server.received.at(-1)?.name).toBe('release-control')
  })

  it('refuse what the model does not have', async () => {
    const { world } = await start()
    expect(() => world.press('fly')).toThrow(expect.objectContaining({ code: 'action-invalid' }))
  })

  it('are measured from the input to the picture', async () => {
    const { world } = await start()
    await clock.advance(500)
    for (let turn = 0; turn < 20; turn++) {
      world.look(1)
      await clock.advance(170)
    }
    const { inputToPhotonMs } = world.stats
    expect(inputToPhotonMs.count).toBeGreaterThan(15)
    expect(inputToPhotonMs.p50).toBeGreaterThan(10)
    expect(inputToPhotonMs.p95).toBeLessThan(260)
  })
})

describe('words', () => {
  it('resolve when the first frame that reflects them is shown', async () => {
    const { world, frames } = await start()
    await clock.advance(500)
    let reply: { seq: number } | undefined
    void world.say('  it starts   to rain ').then((value) => {
      reply = value
    })
    await clock.advance(12)
    expect(reply).toBeUndefined()
    await clock.advance(400)
    expect(reply).toBeDefined()
    expect(frames.at(-1)!.seq).toBeGreaterThanOrEqual(reply!.seq)
  })

  it('make a new world, whose frames start anew', async () => {
    const { world, server, frames } = await start()
    await clock.advance(500)
    const reply = await within(500, world.prompt('a desert village', { rngSeed: 9 }))
    expect(reply).toMatchObject({ world: 1, seq: 0, rngSeed: 9 })
    expect(world.room.prompt).toBe('a desert village')
    expect(frames.at(-1)).toMatchObject({ world: 1 })
    expect(frames.at(-1)!.pose!.yaw).toBeLessThan(12)
    await within(500, world.reset())
    expect(server.room.world).toBe(2)
  })

  it('are refused with a reason', async () => {
    const { world, server } = await start()
    await expect(world.say(' ... ')).rejects.toMatchObject({ code: 'prompt-empty' })
    await expect(world.prompt('x'.repeat(600))).rejects.toMatchObject({ code: 'prompt-too-long' })
    server.refusals.set('event', new SoraError('not-driver', 'somebody else drives'))
    await expect(within(50, world.say('rain'))).rejects.toMatchObject({ code: 'not-driver' })
  })

  it('fail when the world is closed meanwhile', async () => {
    const { world } = await start()
    const saying = world.say('rain')
    saying.catch(() => {})
    await clock.advance(15)
    await world.close()
    await expect(saying).rejects.toMatchObject({ code: 'aborted' })
  })
})

describe('states', () => {
  it('follow the room, and are told in words', async () => {
    const words: string[] = []
    const { world, server } = await start(
      { room: { status: 'queued', queuePosition: 2 } },
      { onProgress: (text) => words.push(text) },
    )
    const states: string[] = []
    world.on('state', (state) => states.push(state))
    await clock.advance(50)
    expect(world.state).toBe('waiting')
    server.setRoom({ status: 'running', queuePosition: 0 })
    await clock.advance(500)
    world.pause()
    await clock.advance(500)
    const holdsWhilePaused = world.stats.holds
    await clock.advance(2000)
    expect(world.stats.holds).toBe(holdsWhilePaused)
    world.pause(false)
    await clock.advance(500)
    expect(states).toEqual(['ready', 'running', 'paused', 'running'])
    expect(words).toEqual([
      'connecting to http://nowhere/',
      'fetching the manifest of the model',
      'loading the fake decoder',
      'waiting in queue, position 2',
      'waiting for the first chunk',
      'running',
      'paused',
      'running',
    ])
  })

  it('end when the decoder fails again and again and there is no other one', async () => {
    const broken = new FakeDecoder({ work: () => Promise.reject(new SoraError('decoder-failed', 'broken')) })
    const { world } = await start({}, { decoder: broken })
    const errors: string[] = []
    const ends: unknown[] = []
    world.on('error', ({ code }) => errors.push(code))
    world.on('closed', (problem) => ends.push(problem?.code))
    await clock.advance(2000)
    expect(errors.length).toBeGreaterThan(1)
    // Pictures cannot be read in Node, so that there is no way back.
    expect(ends).toEqual(['unsupported'])
    expect(clock.pending).toBe(0)
  })

  it('survive a lost connection: the session and what is held stay', async () => {
    const { world, server, frames } = await start()
    const states: string[] = []
    world.on('state', (state) => states.push(state))
    await clock.advance(500)
    world.hold({ forward: true })
    await clock.advance(100)
    server.transport.drop()
    expect(world.state).toBe('reconnecting')
    await expect(world.say('rain')).rejects.toMatchObject({ code: 'connection-lost' })
    const before = server.controls.length
    const shown = frames.length
    await clock.advance(1000)
    expect(states).toEqual(['reconnecting', 'running'])
    expect(server.controls[before]).toMatchObject({ held: ['forward'] })
    expect(frames.length).toBeGreaterThan(shown + 8)
  })

  it('end when the server sends the client away', async () => {
    const { world, server } = await start()
    const ends: unknown[] = []
    world.on('closed', (problem) => ends.push(problem?.code))
    server.transport.kick(new SoraError('connection-lost', 'shutting down'))
    expect(world.state).toBe('closed')
    await world.close()
    expect(ends).toEqual(['connection-lost'])
  })

  it('leave no timer behind, whenever it is closed', async () => {
    for (const ms of [0, 100, 1234]) {
      const { world } = await start()
      world.hold({ forward: true })
      await clock.advance(ms)
      await world.close()
      await clock.advance(10)
      expect(world.state).toBe('closed')
      expect(clock.pending).toBe(0)
      expect(world.update()).toBeNull()
    }
  })
})

describe('a world as a value', () => {
  it('is kept, and goes on here or in another room', async () => {
    const { world, server } = await start({}, { prompt: 'a desert', rngSeed: 9 })
    await clock.advance(1000)
    const bytes = await within(100, world.snapshot())
    await within(2000, world.prompt('a forest'))
    const reply = await within(2000, world.restore(bytes))
    expect(reply).toMatchObject({ world: 2, rngSeed: 9 })
    expect(reply.seq).toBeGreaterThan(2)
    expect(world.room.prompt).toBe('a desert')
    expect(world.frame).toMatchObject({ world: 2 })
    await clock.advance(1000)
    expect(await within(2000, world.rewind({ seq: 1 }))).toMatchObject({ world: 3, seq: 1, rngSeed: 9 })
    expect(await within(2000, world.rewind({ seconds: 60 }))).toMatchObject({ world: 4, seq: 0 })
    expect(await within(100, world.fork(2))).toEqual(['memory-1', 'memory-2'])
    expect(server.received.map(({ name }) => name)).toContain('fork')
    await world.close()

    const again = await start({}, { snapshot: bytes })
    expect(again.world.room).toMatchObject({ prompt: 'a desert', rngSeed: 9 })
  })

  it('is refused in words, and the one that plays goes on', async () => {
    const { world, server } = await start()
    await clock.advance(500)
    const before = world.room
    await expect(within(100, world.restore(Uint8Array.of(1, 2, 3)))).rejects.toMatchObject({ code: 'world-invalid' })
    server.refusals.set('snapshot', new SoraError('not-driver', 'no'))
    await expect(within(100, world.snapshot())).rejects.toMatchObject({ code: 'not-driver' })
    expect(world.room).toEqual(before)
    expect(world.state).toBe('running')
  })
})

describe('connecting', () => {
  async function failing(serverOptions: FakeWorldOptions, options: WorldClientOptions): Promise<unknown> {
    clock = new VirtualClock()
    const server = new FakeWorld({ clock, ...serverOptions })
    const connecting = WorldClient.connect('http://nowhere', {
      clock,
      transport: server.transport,
      files: server.files,
      decoder: new FakeDecoder(),
      ...options,
    })
    const error = await within(60_000, connecting).catch((reason: unknown) => reason)
    expect(clock.pending).toBe(0)
    return error
  }

  it('fails with the reason, and leaves nothing behind', async () => {
    const broken = new FakeDecoder({ loadError: new SoraError('decoder-failed', 'no') })
    expect(await failing({}, { decoder: broken, downlink: 'latent' })).toMatchObject({ code: 'decoder-failed' })
    expect(await failing({}, { prompt: '???' })).toMatchObject({ code: 'prompt-empty' })
    const snapshot = Uint8Array.of(1)
    expect(await failing({}, { snapshot })).toMatchObject({ code: 'world-invalid' })
    expect(await failing({}, { snapshot, roomId: 'r' })).toMatchObject({ code: 'option-invalid' })
    const files = {
      manifest: () => Promise.reject(new SoraError('model-version', 'too new')),
      read: () => Promise.reject(new Error('never asked')),
    }
    expect(await failing({}, { files })).toMatchObject({ code: 'model-version' })
  })

  it('falls back to pictures when the decoder does not start', async () => {
    const broken = new FakeDecoder({ loadError: new SoraError('no-wasm', 'none here') })
    // Pictures cannot be read in Node: the way back is tried, and says so.
    expect(await failing({}, { decoder: broken })).toMatchObject({ code: 'unsupported' })
  })

  it('gives up when the server never says welcome', async () => {
    const silent = new MemoryTransport({}, { clock: new VirtualClock() })
    clock = new VirtualClock()
    const transport = new MemoryTransport({}, { clock })
    const connecting = WorldClient.connect('http://nowhere', { clock, transport, decoder: new FakeDecoder() })
    await expect(within(20_000, connecting)).rejects.toMatchObject({ code: 'timeout' })
    await silent.close()
    expect(clock.pending).toBe(0)
  })

  it('refuses a server of another protocol', async () => {
    clock = new VirtualClock()
    const transport: MemoryTransport = new MemoryTransport(
      { join: () => void clock.setTimeout(() => transport.deliver('welcome', { protocol: 99 }), 1) },
      { clock },
    )
    const connecting = WorldClient.connect('http://nowhere', { clock, transport, decoder: new FakeDecoder() })
    await expect(within(1000, connecting)).rejects.toMatchObject({ code: 'protocol-version' })
  })

  it('can be given up', async () => {
    clock = new VirtualClock()
    const server = new FakeWorld({ clock, latencyMs: 500 })
    const giveUp = new AbortController()
    const options = { clock, transport: server.transport, files: server.files, decoder: new FakeDecoder() }
    const connecting = WorldClient.connect('http://nowhere', { ...options, signal: giveUp.signal })
    connecting.catch(() => {})
    await clock.advance(100)
    giveUp.abort()
    await expect(within(2000, connecting)).rejects.toMatchObject({ code: 'aborted' })
    expect(clock.pending).toBe(0)
  })
})
