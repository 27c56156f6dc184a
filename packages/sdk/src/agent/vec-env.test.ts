import { expect, it } from 'vitest'
import { FAKE_MANIFEST } from '../transport/fake-manifest.ts'
import { FakeBackend } from './fake-backend.ts'
import { VecEnv, type VecEnvOptions } from './vec-env.ts'
import { WorldEnv } from './world-env.ts'

function setUp(options: VecEnvOptions = {}) {
  const backend = new FakeBackend(FAKE_MANIFEST, { worlds: 3 })
  return { backend, env: new VecEnv(backend, options) }
}

it('moves all worlds in one call of the backend, each by its own action', async () => {
  const { backend, env } = setUp()
  const first = await env.reset()
  expect(first.map(({ tick }) => tick)).toEqual([0, 0, 0])
  expect(backend.starts.map(({ rngSeed }) => rngSeed)).toEqual([0, 1, 2])
  const results = await env.step([{ forward: true }, {}, { camera: { yaw: 8 } }])
  expect(backend.calls).toHaveLength(1)
  expect(results.map((result) => result!.observation.pose!.z)).toEqual([expect.closeTo(-0.8), 0, 0])
  expect(results[2]!.observation.pose!.yaw).toBeCloseTo(8)
})

it('leaves a world without an action where it is', async () => {
  const { backend, env } = setUp()
  await env.reset()
  const results = await env.step([null, {}, null])
  expect(results.map((result) => result?.observation.tick ?? null)).toEqual([null, 4, null])
  expect(backend.calls[0]!.map(({ world }) => world)).toEqual([1])
})

it('moves no world when one action is refused', async () => {
  const { backend, env } = setUp()
  await env.reset()
  await expect(env.step([{}, {}, { camera: { yaw: Number.NaN } }])).rejects.toMatchObject({ code: 'action-invalid' })
  await expect(env.step([{}, {}])).rejects.toMatchObject({ code: 'option-invalid' })
  expect(backend.calls).toEqual([])
})

it('starts ended worlds anew within the step', async () => {
  const { env } = setUp({ autoReset: true, isOver: ({ after }) => after.pose!.z < -1 })
  await env.reset()
  await env.step([{ forward: true }, {}, {}])
  const [ended, other] = await env.step([{ forward: true }, {}, {}])
  expect(ended).toMatchObject({ terminated: true, observation: { tick: 0 }, info: { finalObservation: { tick: 8 } } })
  expect(other!.observation.tick).toBe(8)
  expect(await env.step([{}, {}, {}])).toMatchObject([{ observation: { tick: 4 } }, {}, {}])
})

it('resets one world while the others play on', async () => {
  const { backend, env } = setUp()
  await env.reset([{ rngSeed: 5 }, { prompt: 'a beach' }, {}])
  await env.step([{}, {}, {}])
  expect(await env.resetWorld(1)).toMatchObject({ tick: 0 })
  expect((await env.step([{}, {}, {}])).map((result) => result!.observation.tick)).toEqual([8, 4, 8])
  expect(backend.starts.at(-1)).toMatchObject({ world: 1, rngSeed: 4 })
  await expect(env.resetWorld(3)).rejects.toMatchObject({ code: 'option-invalid' })
})

it('is what a WorldEnv refuses', () => {
  expect(() => new WorldEnv(setUp().backend)).toThrow(/3 worlds: take a VecEnv/)
})
