import { afterEach, describe, expect, it } from 'vitest'
import { createWorldServer, type WorldServer } from '../../packages/server/src/index.ts'
import { ProcessWorker } from '../../packages/server/src/worker/process-worker.ts'
import { StandInWorker } from './stand-in-worker.ts'
import { TestPlayer } from './world-client.ts'

let server: WorldServer | undefined

afterEach(async () => {
  await server?.close()
  server = undefined
})

/** Statuses of a room in the order in which the player sees them. */
function statusesOf(player: TestPlayer): string[] {
  const seen: string[] = []
  player.room.onStateChange(() => {
    if (seen.at(-1) !== player.view.status) seen.push(player.view.status)
  })
  return seen
}

const inOrder = (player: TestPlayer) => player.order.map((_, index) => `0/${index}`)

describe('a worker that dies', () => {
  it('costs a moment: every world goes on from its last chunk, nobody is disconnected', async () => {
    const worker = new StandInWorker()
    server = await createWorldServer({ worker, maxRunning: 2 })
    const players = [await TestPlayer.create(server.url), await TestPlayer.create(server.url)]
    for (const player of players) await player.untilPackets(11)
    worker.crash()
    for (const player of players) await player.untilPackets(4)
    for (const player of players) {
      expect(player.order).toEqual(inOrder(player))
      expect(player.view.status).toBe('running')
      expect(player.closedWith).toBeNull()
      const { history } = worker.rollouts.get(`${player.room.roomId}.0`)!
      const { layers, contextChunks } = worker.manifest.denoiser
      expect(history).toHaveLength(layers * contextChunks + 1)
      expect(history.map(({ index }) => index)).toEqual(history.map((_, i) => history[0]!.index + i))
      expect(history[0]!.index).toBeGreaterThan(0)
    }
  })

  it('for good ends the world with words, and a new prompt tries again', async () => {
    const worker = new StandInWorker()
    server = await createWorldServer({ worker })
    const player = await TestPlayer.create(server.url)
    await player.untilPackets(2)
    worker.isDead = true
    worker.crash()
    await player.until(() => player.view.status === 'failed')
    expect(player.view.problem).toMatch(/died again and again/)
    worker.isDead = false
    expect((await player.request('prompt', { text: 'a desert' })).ok).toBe(true)
    await player.until(() => player.view.status === 'running')
    expect(player.view).toMatchObject({ problem: '', world: 1 })
  })

  it('as a real process that is killed comes back', async () => {
    const worker = await ProcessWorker.start({ model: 'fake' })
    server = await createWorldServer({ worker })
    const player = await TestPlayer.create(server.url)
    const statuses = statusesOf(player)
    await player.untilPackets(3)
    process.kill(worker.pid!, 'SIGKILL')
    await player.until(() => statuses.includes('recovering'))
    const before = player.packets.length
    await player.until(() => player.packets.length > before + 3, 15_000)
    expect(player.order).toEqual(inOrder(player))
    expect(statuses.at(-1)).toBe('running')
  })
})
