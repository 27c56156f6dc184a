import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { PROTOCOL_VERSION } from '@sora-world/sdk/protocol'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createWorldServer, type WorldServer, type WorldServerOptions } from '../../packages/server/src/index.ts'
import { findModelPackage } from '../../packages/server/src/model/find-package.ts'
import { StandInWorker } from './stand-in-worker.ts'
import { TestPlayer } from './world-client.ts'

const folder = mkdtempSync(join(tmpdir(), 'sora-server-'))
const servers: WorldServer[] = []

async function start(options: WorldServerOptions = {}): Promise<WorldServer> {
  const server = await createWorldServer({ worker: new StandInWorker(), ...options })
  servers.push(server)
  return server
}

afterAll(() => rmSync(folder, { recursive: true }))
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

describe('starting', () => {
  it('says so when the port is taken, before it loads a model', async () => {
    const other = createServer()
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port))
    })
    await expect(createWorldServer({ port, modelDir: '/nowhere' })).rejects.toMatchObject({ code: 'port-in-use' })
    await new Promise((resolve) => other.close(resolve))
  })

  it.each<[string, WorldServerOptions]>([
    ['model-missing', { modelDir: join(folder, 'nothing') }],
    ['option-invalid', { provider: 'abacus' }],
    ['option-invalid', { modelDir: 'fake', steps: 3 }],
  ])('says %s', async (code, options) => {
    await expect(start({ worker: undefined, ...options })).rejects.toMatchObject({ code })
  })

  it('refuses a package of another format, and one whose files were changed', async () => {
    const dir = join(folder, 'model')
    cpSync(findModelPackage(), dir, { recursive: true })
    const path = join(dir, 'manifest.json')
    const manifest = JSON.parse(readFileSync(path, 'utf8'))
    writeFileSync(path, JSON.stringify({ ...manifest, manifestVersion: 99 }))
    await expect(start({ worker: undefined, modelDir: dir })).rejects.toMatchObject({ code: 'model-version' })
    writeFileSync(path, JSON.stringify(manifest))
    for (const file of Object.keys(manifest.files)) writeFileSync(join(dir, file), 'x', { flag: 'a' })
    await expect(start({ worker: undefined, modelDir: dir })).rejects.toMatchObject({ code: 'model-tampered' })
  })

  it('serves once per process, and again after it closed', async () => {
    const server = await start()
    await expect(start()).rejects.toMatchObject({ code: 'unsupported' })
    await server.close()
    const player = await TestPlayer.create((await start()).url)
    await player.untilPackets(1)
  })
})

describe('many rooms', () => {
  it('wait in line with a position, and start when somebody leaves', async () => {
    const { url } = await start({ maxRunning: 1 })
    const [one, two, three] = [await TestPlayer.create(url), await TestPlayer.create(url), await TestPlayer.create(url)]
    await three.until(() => three.view.status === 'queued' && three.view.queuePosition === 2)
    expect(two.view).toMatchObject({ status: 'queued', queuePosition: 1 })
    expect(two.packets).toEqual([])
    await one.leave()
    await two.untilPackets(2)
    expect(two.view).toMatchObject({ status: 'running', queuePosition: 0 })
    expect(three.view.queuePosition).toBe(1)
  })

  it('are refused as busy beyond the limit, unless one stands empty', async () => {
    const server = await start({ maxRooms: 2 })
    const [one] = [await TestPlayer.create(server.url), await TestPlayer.create(server.url)]
    await expect(TestPlayer.create(server.url)).rejects.toThrow(/^busy: /)
    one.drop()
    await one.until(() => one.closedWith !== null)
    const three = await vi.waitFor(() => TestPlayer.create(server.url))
    await three.untilPackets(1)
    expect(server.health().rooms).toBe(2)
    await expect(one.reconnect(server.url)).rejects.toThrow()
  })
})

it('a full room says so, and the people in it notice nothing', async () => {
  const { url } = await start({ maxClients: 2 })
  const first = await TestPlayer.create(url)
  const second = await TestPlayer.join(url, first.room.roomId)
  await expect(TestPlayer.join(url, first.room.roomId)).rejects.toThrow(/^busy: /)
  await second.untilPackets(2)
  expect(first.view).toMatchObject({ players: 2, driver: first.room.sessionId })
  expect([first.closedWith, second.closedWith]).toEqual([null, null])
})

describe('coming and going', () => {
  it('200 times leaves no room, no rollout, no timer and no memory behind', async () => {
    const worker = new StandInWorker()
    const server = await start({ worker })
    const visit = async (times: number) => {
      for (let i = 0; i < times; i++) await (await TestPlayer.create(server.url)).leave()
      await expect.poll(() => server.health().rooms).toBe(0)
      await expect.poll(timers).toBeLessThanOrEqual(before.timers)
      return heapBytes()
    }
    const before = { timers: timers() + 2 }
    const warm = await visit(50)
    const end = await visit(150)
    expect([...worker.rollouts.keys()]).toEqual([])
    // The client's side lives in this process too: about 10 kB a visit would be a leak.
    expect(end - warm).toBeLessThan(150 * 10_000)
  })

  it('ends with everything closed', async () => {
    const worker = new StandInWorker()
    const server = await start({ worker })
    const player = await TestPlayer.create(server.url)
    await player.untilPackets(1)
    await server.close()
    await player.until(() => player.closedWith !== null)
    expect(worker.isStopped).toBe(true)
    await expect(fetch(`${server.url}/health`)).rejects.toThrow()
    await server.close()
  })

  it('does not wait for a tab that is gone and cannot say goodbye', async () => {
    const server = await start()
    const seat = await fetch(`${server.url}/matchmake/joinOrCreate/world`, {
      method: 'POST',
      body: JSON.stringify({ protocol: PROTOCOL_VERSION }),
      headers: { 'content-type': 'application/json' },
    }).then((response) => response.json())
    const path = `${seat.processId}/${seat.roomId}?sessionId=${seat.sessionId}`
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/${path}`)
    socket.on('error', () => {})
    await new Promise((resolve) => socket.once('message', resolve))
    // From here on the client neither reads nor answers.
    socket.pause()
    const startedAt = performance.now()
    await server.close()
    expect(performance.now() - startedAt).toBeLessThan(5000)
    socket.terminate()
  })

  it('does not wait for somebody whose connection dropped', async () => {
    const server = await start()
    const player = await TestPlayer.create(server.url)
    await player.untilPackets(1)
    player.drop()
    await player.until(() => player.closedWith !== null)
    const startedAt = performance.now()
    await server.close()
    expect(performance.now() - startedAt).toBeLessThan(5000)
  })
})

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
}

function heapBytes(): number {
  setFlagsFromString('--expose_gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed
}
