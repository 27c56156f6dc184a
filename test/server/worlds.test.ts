import { FakeDecoder, WorldClient } from '@sora-world/sdk'
import { LIMITS } from '@sora-world/sdk/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createWorldServer, type WorldServer } from '../../packages/server/src/index.ts'
import { FakeModel } from '../../packages/server/src/model/fake-model.ts'
import { InProcessWorker } from '../../packages/server/src/worker/in-process-worker.ts'
import { readWorld, writeWorld } from '../../packages/server/src/worlds/world-file.ts'
import { TestPlayer } from './world-client.ts'

let server: WorldServer
/** What the worker holds. */
let rollouts: { readonly open: number }
const clients: WorldClient[] = []

beforeAll(async () => {
  const worker = new InProcessWorker(new FakeModel({ memory: true }))
  const { open, close } = worker
  const ids = new Set<string>()
  worker.open = (spec, ...more) => {
    ids.add(spec.id)
    return open.call(worker, spec, ...more)
  }
  worker.close = (id) => {
    ids.delete(id)
    close.call(worker, id)
  }
  rollouts = {
    get open() {
      return ids.size
    },
  }
  server = await createWorldServer({ worker, maxRunning: 4, maxRooms: 4 })
})
afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())))
afterAll(() => server.close())

async function connect(options: object = {}): Promise<WorldClient> {
  const client = await WorldClient.connect(server.url, { decoder: new FakeDecoder(), ...options })
  clients.push(client)
  return client
}

const shown = (client: WorldClient, seq: number) =>
  expect.poll(() => client.frame?.seq ?? -1, { timeout: 5000 }).toBeGreaterThanOrEqual(seq)
const post = (body: BodyInit) => fetch(`${server.url}/worlds`, { method: 'POST', body })

describe('a world', () => {
  it('goes on in a room of its own, with the same numbers', async () => {
    const player = await connect({ prompt: 'a snowy forest', rngSeed: 5 })
    await player.say('it starts to rain')
    const bytes = await player.snapshot()
    const value = await readWorld(bytes)
    expect(value).toMatchObject({ prompt: 'a snowy forest', events: ['it starts to rain'], rngSeed: 5 })
    // RIFF....WEBP
    expect(Buffer.from(value.picture!.subarray(8, 12)).toString()).toBe('WEBP')

    const branches = [await connect({ snapshot: bytes }), await connect({ snapshot: bytes })]
    const results = await Promise.all(
      branches.map(async (branch) => {
        expect(branch.room).toMatchObject({ prompt: 'a snowy forest', rngSeed: 5, caption: player.room.caption })
        await shown(branch, value.next + 2)
        return readWorld(await branch.snapshot())
      }),
    )
    // Nobody touched the controls: both made the same chunks, which nobody told them.
    const hashes = results.map(({ log }) => [...log.hashes.slice(0, value.next + 2)])
    expect(hashes[0]).toEqual(hashes[1])
    expect(hashes[0]!.slice(0, value.next)).toEqual([...value.log.hashes])
  })

  it('takes the place of the one that is played, for everybody in the room', async () => {
    const player = await connect({ prompt: 'a forest', rngSeed: 5 })
    await shown(player, 2)
    const bytes = await player.snapshot()
    const { next } = await readWorld(bytes)
    const watcher = await connect({ roomId: player.roomId, role: 'spectator' })
    await player.prompt('a desert')
    const reply = await player.restore(bytes)
    expect(reply).toEqual({ world: 2, seq: next, rngSeed: 5 })
    await shown(player, next)
    await expect.poll(() => watcher.frame?.world).toBe(2)
    expect(watcher.room).toMatchObject({ prompt: 'a forest', world: 2 })
  })

  it('shows where it stopped as soon as somebody comes', async () => {
    const player = await connect()
    await shown(player, 3)
    const bytes = await player.snapshot()
    const { next } = await readWorld(bytes)
    const response = await post(Buffer.from(bytes))
    const { id } = (await response.json()) as { id: string }
    const late = await TestPlayer.create(server.url, { snapshot: id })
    await late.untilPackets(3)
    expect(late.order.slice(0, 3)).toEqual([next - 2, next - 1, next].map((seq) => `0/${seq}`))
    expect(late.packets.slice(0, 3).map(({ header }) => header.catchUp ?? false)).toEqual([true, true, false])
    await late.leave()
  })

  it('goes back, and is the same again up to there', async () => {
    const player = await connect({ prompt: 'a forest', rngSeed: 5 })
    await shown(player, 6)
    await player.say('night falls')
    const before = await readWorld(await player.snapshot())
    const reply = await player.rewind({ seq: 4 })
    expect(reply).toEqual({ world: 1, seq: 4, rngSeed: 5 })
    await shown(player, before.next + 1)
    expect(player.room.caption).toBe('a forest')
    const after = await readWorld(await player.snapshot())
    // Up to the event nothing was different: nobody had touched the controls.
    expect([...after.log.hashes.slice(0, 6)]).toEqual([...before.log.hashes.slice(0, 6)])
    await expect(player.rewind({ seq: 100_000 })).rejects.toMatchObject({ code: 'world-missing' })
  })

  it('branches into rooms, as many as the server has', async () => {
    const player = await connect({ rngSeed: 5 })
    await shown(player, 1)
    const rooms = await player.fork(2)
    expect(new Set(rooms).size).toBe(2)
    const [one, two] = await Promise.all(rooms.map((roomId) => connect({ roomId })))
    await Promise.all([shown(one!, 3), shown(two!, 3)])
    expect([one!.room.rngSeed, two!.isDriver]).toEqual([5, true])
    await one!.say('night falls')
    expect([one!.room.caption, two!.room.caption].map((caption) => caption.includes('night'))).toEqual([true, false])
    // Three rooms are taken by people; of the second branch only one finds room.
    await connect()
    await expect(player.fork(1)).rejects.toMatchObject({ code: 'busy' })
    await shown(player, 5)
  })
})

it('branches that were closed leave nothing in the server', async () => {
  const player = await connect()
  await shown(player, 1)
  const bytes = await player.snapshot()
  for (let i = 0; i < 20; i++) {
    const branch = await connect({ snapshot: bytes })
    await branch.close()
  }
  await expect.poll(() => server.health().rooms).toBe(1)
  expect(rollouts.open).toBe(1)
})

describe('what is refused', () => {
  it('worlds that are none, with a code and words', async () => {
    const player = await connect()
    await shown(player, 1)
    const bytes = await player.snapshot()
    const value = await readWorld(bytes)
    const other = await writeWorld({ ...value, model: { ...value.model, name: 'other', manifest: '0'.repeat(64) } })
    const version = bytes.slice()
    version[8] = 9
    const cases: [Uint8Array, string][] = [
      [bytes.subarray(0, 100), 'world-invalid'],
      [Uint8Array.of(1, 2, 3), 'world-invalid'],
      [new Uint8Array(), 'world-invalid'],
      [version, 'world-version'],
      [other, 'world-mismatch'],
    ]
    for (const [file, code] of cases) {
      await expect(player.restore(file)).rejects.toMatchObject({ code })
      await expect(connect({ snapshot: file })).rejects.toMatchObject({ code })
    }
    expect(player.room.world).toBe(0)
    const tooLarge = await post(Buffer.alloc(LIMITS.worldBytes + 1)).then(
      ({ status }) => status,
      () => 413,
    )
    expect(tooLarge).toBe(413)
    expect((await fetch(`${server.url}/worlds/${'0'.repeat(32)}`)).status).toBe(404)
    const elsewhere = await fetch(`${server.url}/anything`, { method: 'POST', body: Buffer.alloc(100_000) }).then(
      ({ status }) => status,
      () => 413,
    )
    expect(elsewhere).toBe(413)
  })

  it('whoever does not drive, and whoever asks too often', async () => {
    const player = await connect()
    const watcher = await connect({ roomId: player.roomId, role: 'spectator' })
    await shown(player, 1)
    const bytes = await player.snapshot()
    const many = await Promise.allSettled([1, 2, 3].map(() => player.snapshot()))
    expect(many.map(({ status }) => status)).toContain('rejected')
    expect(many.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'rate-limited' } })
    for (const ask of [() => watcher.snapshot(), () => watcher.restore(bytes), () => watcher.fork()]) {
      await expect(ask()).rejects.toMatchObject({ code: 'not-driver' })
    }
    await expect(player.fork(99)).rejects.toMatchObject({ code: 'message-invalid' })
    const lost = TestPlayer.create(server.url, { snapshot: 'f'.repeat(32) })
    await expect(lost).rejects.toThrow(/world-missing/)
    await expect(TestPlayer.create(server.url, { snapshot: 'no id' })).rejects.toThrow(/option-invalid/)
  })
})
