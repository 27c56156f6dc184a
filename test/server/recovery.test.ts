import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRoomServer, type RoomServer } from '../../packages/server/src/rooms/create-server.ts'
import { InProcessWorker } from '../../packages/server/src/worker/in-process-worker.ts'
import { MeltingModel } from '../../packages/server/src/worker/melting-model.ts'
import { TestPlayer } from './world-client.ts'

let server: RoomServer

beforeAll(async () => {
  server = await createRoomServer({ worker: new InProcessWorker(new MeltingModel()), maxRunning: 4 })
})
afterAll(() => server.close())

it('a room whose world breaks down starts it anew, says so, and others do without', { timeout: 60_000 }, async () => {
  const guarded = await TestPlayer.create(server.url, { prompt: 'a forest', rngSeed: 7 })
  const unguarded = await TestPlayer.create(server.url, { prompt: 'a forest', rngSeed: 7, guard: false })
  for (const player of [guarded, unguarded]) {
    await player.untilPackets(2)
    player.control({ pressed: ['drop'] })
  }
  const isMolten = ({ packets }: TestPlayer) => packets.at(-1)!.payload.every((value) => value === 0)
  for (const player of [guarded, unguarded]) await player.until(() => isMolten(player))
  await guarded.until(() => guarded.packets.some(({ header }) => header.recovery), 30_000)
  await guarded.untilPackets(1)
  expect([isMolten(guarded), isMolten(unguarded)]).toEqual([false, true])
  // Nothing else is new: same world, same clients, numbers in order.
  expect(guarded.view).toMatchObject({ world: 0, status: 'running' })
  expect(guarded.order).toEqual(guarded.order.map((_, index) => `0/${index}`))
  expect([guarded.errors, unguarded.errors]).toEqual([[], []])
  expect(server.health().chunk.recoveries).toBe(1)
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  expect(metrics).toContain('sora_world_recoveries_total 1')
})
