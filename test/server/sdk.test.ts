import { FakeDecoder, WorldClient } from '@sora-world/sdk'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createWorldServer, type WorldServer } from '../../packages/server/src/index.ts'
import { FakeModel } from '../../packages/server/src/model/fake-model.ts'
import { InProcessWorker } from '../../packages/server/src/worker/in-process-worker.ts'

let server: WorldServer

beforeAll(async () => {
  server = await createWorldServer({ worker: new InProcessWorker(new FakeModel()), maxRunning: 2 })
})
afterAll(() => server.close())

const connect = (options: object = {}) => WorldClient.connect(server.url, { decoder: new FakeDecoder(), ...options })

it('the SDK plays, says, starts anew and shares a room', async () => {
  const player = await connect({ prompt: 'a snowy forest', rngSeed: 5 })
  const errors: unknown[] = []
  player.on('error', (error) => errors.push(error))
  player.hold({ forward: true })
  player.look(30)
  await player.say('it starts to rain')
  expect(player.room.caption).toBe('a snowy forest, it starts to rain')
  expect(await player.prompt('a desert', { rngSeed: 6 })).toEqual({ world: 1, seq: 0, rngSeed: 6 })

  const watcher = await connect({ roomId: player.roomId, role: 'spectator' })
  expect([player.isDriver, watcher.isDriver]).toEqual([true, false])
  await watcher.takeControl()
  await expect.poll(() => [player.isDriver, watcher.isDriver]).toEqual([false, true])
  await watcher.reset({ rngSeed: 6 })
  await expect.poll(() => player.room.world).toBe(2)

  await watcher.close()
  await player.close()
  expect(errors).toEqual([])
  await expect.poll(() => server.health().rooms).toBe(0)
})
