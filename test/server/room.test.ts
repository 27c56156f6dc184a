import { type AppliedReply, type ControlReply, LIMITS, PROTOCOL_VERSION, type Reply } from '@sora-world/sdk/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createRoomServer, type RoomServer } from '../../packages/server/src/rooms/create-server.ts'
import { StandInWorker } from './stand-in-worker.ts'
import { TestPlayer } from './world-client.ts'

let worker: StandInWorker
let server: RoomServer
const players: TestPlayer[] = []

async function create(options: object = {}): Promise<TestPlayer> {
  const player = await TestPlayer.create(server.url, options)
  players.push(player)
  return player
}

async function join(other: TestPlayer, options: object = {}): Promise<TestPlayer> {
  const player = await TestPlayer.join(server.url, other.room.roomId, options)
  players.push(player)
  return player
}

function unwrap<T>(reply: Reply<T>): T {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.message}`)
  return reply.value
}

beforeAll(async () => {
  worker = new StandInWorker()
  server = await createRoomServer({ worker, reconnectionSeconds: 2, maxRunning: 4 })
})
afterEach(async () => {
  await Promise.all(players.splice(0).map((player) => player.closedWith === null && player.leave()))
})
afterAll(async () => {
  await server.close()
})

describe('a room', () => {
  it('welcomes, shows its state and streams chunks in order and in real time', async () => {
    const player = await create({ prompt: 'a snowy forest', rngSeed: 7 })
    await player.untilPackets(1)
    const startedAt = performance.now()
    await player.untilPackets(5)
    const perChunkMs = (performance.now() - startedAt) / 5
    expect(perChunkMs).toBeGreaterThan(150)
    expect(perChunkMs).toBeLessThan(400)
    expect(player.order).toEqual(player.order.map((_, index) => `0/${index}`))
    expect(player.welcomes).toEqual([
      {
        protocol: PROTOCOL_VERSION,
        sessionId: player.room.sessionId,
        modelUrl: '/models/fake/',
        modelName: 'fake',
        size: worker.manifest.sizes[0],
        provider: 'stand-in',
        variant: 'none',
        steps: 2,
      },
    ])
    expect(player.view).toMatchObject({
      status: 'running',
      prompt: 'a snowy forest',
      rngSeed: 7,
      world: 0,
      problem: '',
    })
    expect(player.view).toMatchObject({ driver: player.room.sessionId, players: 1, queuePosition: 0 })
  })

  it('shows the same bytes to everybody, and catches late joiners up', async () => {
    const first = await create()
    await first.untilPackets(4)
    const second = await join(first)
    await second.untilPackets(5)
    const live = second.packets.findIndex(({ header }) => !header.catchUp)
    expect(live).toBe(2)
    for (const packet of second.rawPackets.slice(live)) expect(first.rawPackets).toContainEqual(packet)
    expect(second.packets.map(({ header }) => header.seq)).toEqual(
      second.packets.map((_, index) => second.packets[0]!.header.seq + index),
    )
  })

  it('gives everybody a room of their own unless they ask for one', async () => {
    const [one, two] = [await create(), await create()]
    expect(one.room.roomId).not.toBe(two.room.roomId)
  })

  it('passes the actions of the driver on and says which message a chunk reflects', async () => {
    const player = await create()
    await player.untilPackets(1)
    player.control({ seq: 41, held: ['forward'], axes: { 'camera.yaw': 16 } })
    await player.until(() => player.packets.at(-1)?.header.actionSeq === 41)
    const { header } = player.packets.at(-1)!
    const job = worker.jobs.find(
      ({ index, rolloutId }) => index === header.seq && rolloutId.startsWith(player.room.roomId),
    )
    const width = job!.actions.length / 4
    expect(job!.actions[0]).toBe(1)
    expect(job!.actions[width - 2]).toBe(0.5)
    expect(header.driver).toBe(player.room.sessionId)
    expect(header.timings.serverMs).toBeGreaterThan(0)
  })

  it('hands the controls over, and back when the driver leaves', async () => {
    const driver = await create()
    const watcher = await join(driver, { role: 'spectator' })
    const sessionId = watcher.room.sessionId
    watcher.control()
    await watcher.until(() => watcher.errorCodes.includes('not-driver'))
    expect(await watcher.request('prompt', { text: 'a desert' })).toMatchObject({ error: { code: 'not-driver' } })
    expect(unwrap(await watcher.request<ControlReply>('take-control'))).toEqual({ driver: sessionId })
    await driver.until(() => driver.view.driver === sessionId)
    expect((await watcher.request('prompt', { text: 'a desert' })).ok).toBe(true)
    await watcher.leave()
    await driver.until(() => driver.view.driver === driver.room.sessionId)
  })

  it('answers prompt, event and reset with the first chunk that reflects them', async () => {
    const player = await create({ prompt: 'a forest' })
    await player.untilPackets(2)
    const event = unwrap(await player.request<AppliedReply>('event', { text: 'it starts to rain' }))
    await player.until(() => player.view.seq >= event.seq)
    const captions = worker.jobs.filter((job) => job.rolloutId === `${player.room.roomId}.0`).map((job) => job.caption)
    expect(captions[event.seq]).toContain('rain')
    expect(captions[event.seq - 1]).not.toContain('rain')
    const world = unwrap(await player.request<AppliedReply>('prompt', { text: ' a  desert ', rngSeed: 9 }))
    expect(world).toEqual({ world: 1, seq: 0, rngSeed: 9 })
    await player.until(() => player.order.includes('1/1'))
    expect(player.view).toMatchObject({ prompt: 'a desert', world: 1, rngSeed: 9 })
    expect(unwrap(await player.request<AppliedReply>('reset', { rngSeed: 9 }))).toMatchObject({ world: 2, rngSeed: 9 })
    await player.until(() => player.order.includes('2/0'))
    expect(player.order.slice(player.order.indexOf('2/0'))).not.toContainEqual(expect.stringMatching(/^[01]/))
    expect([...worker.rollouts.keys()].filter((id) => id.startsWith(player.room.roomId))).toHaveLength(1)
  })

  it('pauses on demand and goes on', async () => {
    const player = await create()
    await player.untilPackets(1)
    player.room.send('pause', { paused: true })
    await player.until(() => player.view.status === 'paused')
    const { length } = player.packets
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(player.packets.length - length).toBeLessThanOrEqual(1)
    player.room.send('pause', { paused: false })
    await player.untilPackets(2)
    expect(player.view.status).toBe('running')
  })

  it('keeps the world while its only player is away, makes nothing meanwhile, and gives the controls back', async () => {
    const player = await create()
    await player.untilPackets(3)
    player.drop()
    await player.until(() => player.closedWith !== null)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const made = worker.jobs.length
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(worker.jobs.length).toBe(made)
    const last = player.packets.at(-1)!.header.seq
    await player.reconnect(server.url)
    await player.untilPackets(4)
    expect(player.view).toMatchObject({ world: 0, driver: player.room.sessionId, status: 'running' })
    expect(player.packets.at(-1)!.header.seq).toBeGreaterThan(last)
    expect(player.welcomes).toHaveLength(2)
  })

  it('closes when nobody comes back', async () => {
    const player = await create()
    player.drop()
    await player.until(() => server.health().rooms === 0)
    expect([...worker.rollouts.keys()].filter((id) => id.startsWith(player.room.roomId))).toEqual([])
  })

  it('sends images to those who want them and only then makes them', async () => {
    const player = await create()
    await player.untilPackets(1)
    expect(worker.jobs.at(-1)!.images).toBeUndefined()
    expect((await player.request('downlink', { kind: 'image' })).ok).toBe(true)
    await player.until(() => player.packets.at(-1)!.header.kind === 'image')
    expect(player.packets.at(-1)!.header).toMatchObject({ imageBytes: [3, 3, 3, 3], imageType: 'image/webp' })
    const viewer = await join(player)
    await viewer.until(() => viewer.packets.some(({ header }) => header.kind === 'latent' && !header.catchUp))
  })

  it('shows where a world stands to those who come to want the other kind while it rests', async () => {
    const player = await create()
    await player.untilPackets(2)
    expect((await player.request('pause', { paused: true })).ok).toBe(true)
    const viewer = await join(player, { downlink: 'image' })
    await viewer.until(() => viewer.welcomes.length > 0)
    expect(viewer.packets).toEqual([])
    expect((await viewer.request('downlink', { kind: 'latent' })).ok).toBe(true)
    await viewer.until(() => viewer.packets.length === 2)
    expect(viewer.packets.every(({ header }) => header.kind === 'latent' && header.catchUp)).toBe(true)
  })

  it('answers a ping', async () => {
    const player = await create()
    player.room.send('ping', { sentAt: 12.5 })
    await player.until(() => player.pongs.length > 0)
    expect(player.pongs).toEqual([{ sentAt: 12.5 }])
  })
})

describe('a join', () => {
  it.each([
    ['protocol-version', { protocol: PROTOCOL_VERSION + 1 }],
    ['option-invalid', { steps: 3 }],
    ['option-invalid', { size: { width: 1, height: 1 } }],
    ['option-invalid', { role: 'god' }],
    ['option-invalid', { rngSeed: -1 }],
    ['prompt-empty', { prompt: ' ... ' }],
    ['prompt-too-long', { prompt: 'x'.repeat(LIMITS.promptLength + 1) }],
  ])('is refused with %s for %o', async (code, options) => {
    await expect(create(options)).rejects.toThrow(new RegExp(`^${code}: `))
    expect(server.health().rooms).toBe(0)
  })

  it('plays in the size and with the steps it asks for', async () => {
    const { width, height } = worker.manifest.sizes[1]!
    const player = await create({ size: { width, height }, steps: 4 })
    await player.untilPackets(1)
    expect(player.packets[0]!.header).toMatchObject({ steps: 4, shape: [10, 8, 6] })
  })
})
