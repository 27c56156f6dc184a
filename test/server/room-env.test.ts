import { FakeDecoder, policyOf, RoomBackend, runPolicy, WorldClient, WorldEnv } from '@sora-world/sdk'
import { SoraError } from '@sora-world/sdk/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createWorldServer, type WorldServer } from '../../packages/server/src/index.ts'
import { FakeModel } from '../../packages/server/src/model/fake-model.ts'
import { InProcessWorker } from '../../packages/server/src/worker/in-process-worker.ts'
import { readWorld } from '../../packages/server/src/worlds/world-file.ts'

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
  await expect.poll(() => server.health().rooms, { timeout: 10_000 }).toBe(0)
})

it('keeps a moment, goes back to it, and branches into rooms of their own', async () => {
  const backend = await RoomBackend.connect(server.url, { decoder: () => new FakeDecoder() })
  const env = new WorldEnv(backend, { prompt: 'a snowy forest' })
  await env.reset({ rngSeed: 5 })
  for (let step = 0; step < 3; step++) await env.step({ forward: true })
  const bytes = await env.snapshot()
  const { next } = await readWorld(bytes)

  const [branch] = await env.fork(1)
  expect(branch!.observation).toBe(env.observation)
  const { tick } = env.observation!
  expect((await branch!.step({ forward: true })).observation.tick).toBe(tick + 4)
  await branch!.close()

  await env.reset({ rngSeed: 8 })
  // A room keeps and takes up two worlds in a second.
  await new Promise((resolve) => setTimeout(resolve, 1100))
  const restored = await env.restore(bytes)
  expect([env.rngSeed, backend.client.room.rngSeed]).toEqual([5, 5])
  // The first thing seen is one of the last chunks before.
  expect(Math.abs(restored.tick - next * 4)).toBeLessThanOrEqual(12)
  expect((await env.step({ forward: true })).observation.seconds).toBeGreaterThan(0)
  await expect(env.restore(new Uint8Array(50))).rejects.toMatchObject({ code: 'world-invalid' })
  await env.close()
})

it('a decoder of its own decodes for one room only', async () => {
  const backend = await RoomBackend.connect(server.url, { decoder: new FakeDecoder() })
  const env = new WorldEnv(backend)
  await env.reset()
  await expect(env.fork(1)).rejects.toMatchObject({ code: 'unsupported' })
  await env.close()
})

it('an interrupted run does not wait until a person hands back', async () => {
  const backend = await RoomBackend.connect(server.url, { decoder: new FakeDecoder() })
  const env = new WorldEnv(backend, { timeLimit: 1 })
  const { roomId } = backend.client
  const person = await WorldClient.connect(server.url, { decoder: new FakeDecoder(), roomId })
  await person.takeControl()
  await expect.poll(() => backend.client.room.driver).toBe(person.sessionId)
  const interrupt = new AbortController()
  const run = runPolicy(env, ahead, { episodes: 9, signal: interrupt.signal })
  run.catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 200))
  interrupt.abort(new SoraError('aborted', 'interrupted'))
  await expect(run).rejects.toMatchObject({ code: 'aborted', message: 'interrupted' })
  await env.close()
  await person.close()
})
