import { type ChunkPacket, decodeChunkPacket, SoraError } from '@sora-world/sdk/protocol'
import { describe, expect, it } from 'vitest'
import { fakeManifest } from '../model/fake-manifest.ts'
import { VirtualClock } from '../scheduler/virtual-clock.ts'
import { KEYFRAME_CHUNKS } from '../worlds/keyframe-keeper.ts'
import { RolloutSession } from './rollout-session.ts'

const manifest = fakeManifest()
const size = manifest.sizes[0]!
const maker = { provider: 'fake', variant: 'fake' }

function setUp(more: { memory?: boolean; guard?: boolean } = {}) {
  const clock = new VirtualClock()
  const packets: ChunkPacket[] = []
  const closed: string[] = []
  const session = new RolloutSession(
    { id: 'room', manifest, size, steps: 2, prompt: ' a  forest ', rngSeed: 7, maker, ...more },
    {
      clock,
      drawRngSeed: () => 99,
      onChunk: ({ latent, image }) => {
        for (const packet of [latent, image]) if (packet) packets.push(decodeChunkPacket(packet))
      },
      onChange() {},
      wake() {},
      closeRollout: (id) => closed.push(id),
    },
  )
  session.setWatched(true)
  return { clock, session, packets, closed }
}

type Session = ReturnType<typeof setUp>['session']

function open(session: Session): void {
  const request = session.openRequest()
  if (request) session.opened(request.spec)
}

function result(index: number, value = 1, hasImages = false) {
  const latent = new Float32Array(manifest.latent.channels * size.latentHeight * size.latentWidth).fill(value)
  const images = hasImages ? [1, 2, 3, 4].map((byte) => Uint8Array.of(byte, byte)) : undefined
  const timings = { denoiseMs: 1, commitMs: 2, decodeMs: 3, memoryMs: 5 }
  return { index, latent, pose: new Float32Array(4 * 6).fill(Number.NaN), images, timings }
}

function makeChunks(session: Session, count: number): void {
  open(session)
  for (let i = 0; i < count; i++) session.deliver(result(session.nextJob().index), { queueMs: 4 })
}

it('tells the worker whether to start a broken world anew, and the clients where it did', () => {
  expect(setUp({ guard: false }).session.openRequest()?.spec.guard).toBe(false)
  const { session, packets } = setUp()
  expect(session.openRequest()?.spec.guard).not.toBe(false)
  makeChunks(session, 2)
  session.deliver({ ...result(session.nextJob().index), isRecovery: true }, { queueMs: 0 })
  makeChunks(session, 1)
  expect(packets.map(({ header }) => header.recovery)).toEqual([undefined, undefined, true, undefined])
})

it('tells the worker whether to use a world memory', () => {
  const memoryOf = (session: Session) => session.openRequest()?.spec.memory
  const { session } = setUp({ memory: false })
  expect(memoryOf(session)).toBe(false)
  session.reset()
  expect(memoryOf(session)).toBe(false)
  expect(memoryOf(setUp({ memory: true }).session)).toBe(true)
})

describe('a rewind to long ago', () => {
  /** Longer than what is kept, so that the first chunks must be made again. */
  const LONG = 420

  it('makes what was made then again, and tells nobody before it is there', () => {
    const { session, packets } = setUp()
    open(session)
    session.control({ seq: 1, held: ['forward'], pressed: [], axes: { 'camera.yaw': 3 } })
    const made: { actions: Float32Array; caption: string }[] = []
    for (let i = 0; i < LONG; i++) {
      if (i === 8) session.addEvent('it starts to rain')
      const { actions, caption, index } = session.nextJob()
      made.push({ actions, caption })
      session.deliver(result(index), { queueMs: 0 })
    }
    packets.length = 0
    expect(session.rewind(12)).toEqual({ world: 1, seq: 12, rngSeed: 7 })
    session.setPaused(true)
    expect(session.view()).toMatchObject({ status: 'catching-up', seq: -1, catchUpTo: 12 })
    expect([session.isActive(), session.isCatchingUp()]).toEqual([true, true])
    expect(() => session.addEvent('night falls')).toThrow(/on its way back to chunk 12, at 0/)
    open(session)
    const again = Array.from({ length: 12 }, () => {
      const { actions, caption, index } = session.nextJob()
      expect(packets).toEqual([])
      session.deliver(result(index), { queueMs: 0 })
      return { actions, caption }
    })
    expect(again).toEqual(made.slice(0, 12))
    expect(packets.map(({ header }) => [header.seq, header.catchUp])).toEqual([
      [10, true],
      [11, true],
    ])
    expect(session.view()).toMatchObject({ status: 'paused', catchUpTo: -1, seq: 11, caption: made[11]!.caption })
    session.setPaused(false)
    expect(session.nextJob()).toMatchObject({ index: 12, caption: made[11]!.caption })
  })

  it('starts at the nearest keyframe, also when the worker is lost on the way', () => {
    const { session } = setUp()
    makeChunks(session, 2 * KEYFRAME_CHUNKS + 20)
    session.rewind(KEYFRAME_CHUNKS + 3)
    const { history } = session.openRequest()!
    expect(history.at(-1)?.index).toBe(KEYFRAME_CHUNKS - 1)
    open(session)
    session.deliver(result(session.nextJob().index), { queueMs: 0 })
    session.lost()
    expect(session.openRequest()!.history.at(-1)?.index).toBe(KEYFRAME_CHUNKS)
    makeChunks(session, 2)
    expect(session.isCatchingUp()).toBe(false)
    // And once more, from the keyframe that the new world has from the old one.
    session.rewind(KEYFRAME_CHUNKS)
    expect(session.openRequest()!.history.at(-1)?.index).toBe(KEYFRAME_CHUNKS - 1)
    expect(session.isCatchingUp()).toBe(false)
  })

  it('is refused for a chunk that is yet to come', () => {
    const { session } = setUp()
    makeChunks(session, 3)
    expect(() => session.rewind(4)).toThrow(expect.objectContaining({ code: 'world-missing' }))
  })
})

describe('status', () => {
  it('goes from ready to running, pauses, waits, recovers and fails', () => {
    const { session } = setUp()
    const status = () => session.view().status
    expect(status()).toBe('ready')
    makeChunks(session, 1)
    expect(status()).toBe('running')
    session.setPaused(true)
    expect([status(), session.isActive()]).toEqual(['paused', false])
    session.setPaused(false)
    session.setWatched(false)
    expect([status(), session.isActive()]).toEqual(['paused', false])
    session.setWatched(true)
    session.setQueuePosition(3)
    expect(session.view()).toMatchObject({ status: 'queued', queuePosition: 3 })
    session.setQueuePosition(0)
    session.lost()
    expect(status()).toBe('recovering')
    makeChunks(session, 1)
    expect(status()).toBe('running')
    session.fail(new SoraError('worker-crashed', 'gone'))
    expect([status(), session.view().problem, session.isActive()]).toEqual(['failed', 'gone', false])
    session.reset()
    expect(session.view()).toMatchObject({ status: 'ready', problem: '', rngSeed: 99, world: 1, prompt: 'a forest' })
  })
})

describe('packets', () => {
  it('say what the chunk is, which message it reflects and what it cost', async () => {
    const { session, packets, clock } = setUp()
    session.setDriver('me')
    makeChunks(session, 1)
    session.control({ seq: 5, held: ['jump'], pressed: [], axes: {} })
    await clock.advance(30)
    session.wantsImages = true
    const job = session.nextJob()
    expect(job).toMatchObject({ rolloutId: 'room.0', index: 1, caption: 'a forest', images: { type: 'image/webp' } })
    await clock.advance(40)
    session.deliver(result(1, 1, true), { queueMs: 4 })
    const [, latent, image] = packets
    expect(latent!.header).toMatchObject({
      ...{ kind: 'latent', world: 0, seq: 1, firstFrame: 4, frames: 4, actionSeq: 5, driver: 'me', steps: 2 },
      timings: { queueMs: 4, denoiseMs: 1, commitMs: 2, decodeMs: 3, serverMs: 70 },
    })
    expect(latent!.header.pose).toEqual(Array(24).fill(0))
    expect(new Int8Array(latent!.payload)[0]).toBe(28)
    expect(image!.header).toMatchObject({ kind: 'image', seq: 1, imageBytes: [2, 2, 2, 2] })
    expect([...image!.payload]).toEqual([1, 1, 2, 2, 3, 3, 4, 4])
  })

  it('of the last two chunks are kept for those who come late, until a new world begins', () => {
    const { session } = setUp()
    makeChunks(session, 5)
    const late = session.catchUp('latent').map((bytes) => decodeChunkPacket(bytes).header)
    expect(late).toMatchObject([
      { seq: 3, catchUp: true },
      { seq: 4, catchUp: true },
    ])
    session.startWorld('a desert')
    expect(session.catchUp('latent')).toEqual([])
  })
})

describe('a new world', () => {
  it('leaves the old rollout and drops the chunk that is still on its way', () => {
    const { session, packets, closed } = setUp()
    makeChunks(session, 2)
    session.nextJob()
    expect(session.startWorld('a desert', 3)).toEqual({ world: 1, seq: 0, rngSeed: 3 })
    expect(closed).toEqual(['room.0'])
    session.deliver(result(2), { queueMs: 0 })
    expect(packets).toHaveLength(2)
    expect(session.openRequest()).toMatchObject({ spec: { id: 'room.1', rngSeed: 3 }, history: [] })
    makeChunks(session, 1)
    expect(packets.at(-1)!.header).toMatchObject({ world: 1, seq: 0, firstFrame: 0 })
  })

  it('that began while the worker opened the last one is opened next', () => {
    const { session, closed } = setUp()
    const { spec } = session.openRequest()!
    session.startWorld('a desert')
    session.opened(spec)
    expect(closed).toEqual(['room.0'])
    expect(session.openRequest()?.spec.id).toBe('room.1')
  })

  it('is not begun by a text without words', () => {
    const { session } = setUp()
    expect(() => session.startWorld('...')).toThrow(expect.objectContaining({ code: 'prompt-empty' }))
    expect(session.view()).toMatchObject({ world: 0, prompt: 'a forest' })
  })
})

describe('an event', () => {
  it('shows in the next chunk that is begun, and not after a reset', () => {
    const { session } = setUp()
    makeChunks(session, 2)
    expect(session.addEvent('it starts to rain')).toEqual({ world: 0, seq: 2, rngSeed: 7 })
    expect(session.nextJob().caption).toContain('rain')
    expect(session.addEvent('a cow comes').seq).toBe(3)
    session.reset(7)
    expect(session.view().caption).toBe('a forest')
  })
})

describe('trouble', () => {
  it('commits nothing that is not a number', () => {
    const { session } = setUp()
    makeChunks(session, 1)
    session.nextJob()
    expect(() => session.deliver(result(1, Number.NaN), { queueMs: 0 })).toThrow(SoraError)
    expect(session.view().seq).toBe(0)
  })

  it('hands its past over when the worker lost it', () => {
    const { session } = setUp()
    makeChunks(session, 20)
    expect(session.openRequest()).toBeNull()
    session.nextJob()
    session.lost()
    const { history } = session.openRequest()!
    expect(history.map(({ index }) => index)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19])
    open(session)
    expect(session.nextJob().index).toBe(20)
  })

  it('makes another driver start with nothing held', () => {
    const { session } = setUp()
    open(session)
    session.setDriver('one')
    session.control({ seq: 9, held: ['forward'], pressed: [], axes: {} })
    session.setDriver('two')
    expect(session.nextJob().actions.every((value) => value === 0)).toBe(true)
  })
})
