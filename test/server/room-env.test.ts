import { FakeDecoder, policyOf, RoomBackend, runPolicy, WorldClient, WorldEnv } from '@sora-world/sdk'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createWorldServer, type WorldServer } from '../../packages/server/src/index.ts'
import { FakeModel } from '../../packages/server/src/model/fake-model.ts'
import { InProcessWorker } from '../../packages/server/src/worker/in-process-worker.ts'

let server: WorldServer

beforeAll(async () => {
  server = await createWorldServer({ worker: new InProcessWorker(new FakeModel()), maxRunning: 2 })
})
afterAll(() => server.close())

const ahead = policyOf('ahead', () => ({ forward: true }))

it('a policy plays in a room; a person watches, takes over, and hands back', async () => {
  const backend = await RoomBackend.connect(server.url, { decoder: new FakeDecoder() })
  const env = new WorldEnv(backend, { prompt: 'a snowy forest' })
  const person = await WorldClient.connect(server.url, {
    decoder: new FakeDecoder(),
    roomId: backend.client.roomId,
    role: 'spectator',
  })
  const seen: string[] = []
  const report = await runPolicy(env, ahead, {
    rngSeed: 5,
    maxSteps: 40,
    // What counts here is who drives, not how fast this machine is.
    maxActMs: Number.POSITIVE_INFINITY,
    onStep: ({ steps, result }) => {
      seen.push(result.observation.driver)
      if (steps === 5) void person.takeControl()
      if (steps === 20) person.releaseControl()
    },
  })
  expect(person.room).toMatchObject({ rngSeed: 5, caption: 'a snowy forest' })
  expect(seen.slice(0, 5)).toEqual(Array(5).fill(''))
  expect(seen).toContain(person.sessionId)
  expect(seen.at(-1)).toBe('')
  expect(report.episodes[0]!.overriddenSteps).toBe(seen.filter((driver) => driver !== '').length)
  await person.close()
  await env.close()
  await expect.poll(() => server.health().rooms).toBe(0)
})
