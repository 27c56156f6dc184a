import { beforeEach, describe, expect, it } from 'vitest'
import { SoraError } from '../protocol/index.ts'
import { FAKE_MANIFEST } from '../transport/fake-manifest.ts'
import type { NamedAction } from './action.ts'
import { FakeBackend } from './fake-backend.ts'
import { policyOf } from './policy.ts'
import { distanceWalked } from './rewards.ts'
import { runPolicy } from './run-policy.ts'
import { WorldEnv } from './world-env.ts'

let env: WorldEnv
beforeEach(() => {
  env = new WorldEnv(new FakeBackend(FAKE_MANIFEST), { timeLimit: 1, reward: distanceWalked() })
})
const ahead = policyOf('ahead', () => ({ forward: true }))
const playsOn = async () => expect((await runPolicy(env, ahead)).episodes).toHaveLength(1)

it('plays whole episodes and reports on them', async () => {
  const steps: number[] = []
  const onStep = ({ episode, steps: done }: { episode: number; steps: number }) => steps.push(episode * 100 + done)
  const report = await runPolicy(env, ahead, { episodes: 2, rngSeed: 0xffffffff, onStep })
  expect(report.policy).toBe('ahead')
  expect(report.episodes).toMatchObject([
    { rngSeed: 0xffffffff, steps: 5, seconds: 1, reward: expect.closeTo(4), truncated: true, overriddenSteps: 0 },
    { rngSeed: 0, steps: 5 },
  ])
  expect(report.realtimeFactor).toBeGreaterThan(0)
  expect(steps).toEqual([1, 2, 3, 4, 5, 101, 102, 103, 104, 105])
})

it('leaves an episode after so many steps', async () => {
  expect((await runPolicy(env, ahead, { maxSteps: 2 })).episodes).toMatchObject([{ steps: 2, truncated: false }])
})

describe('a policy that', () => {
  it('throws is named, with the step', async () => {
    const broken = policyOf('broken', ({ tick }) => {
      if (tick === 8) throw new TypeError('no idea')
      return {}
    })
    await expect(runPolicy(env, broken)).rejects.toMatchObject({
      code: 'policy-failed',
      message: 'policy "broken", step 2: no idea',
    })
    await playsOn()
  })

  it('throws while it starts is named too', async () => {
    const broken = { ...ahead, start: () => Promise.reject(new Error('no memory')) }
    await expect(runPolicy(env, broken)).rejects.toMatchObject({ code: 'policy-failed' })
  })

  it.each([
    ['NaN', Number.NaN],
    ['a turn of NaN', { camera: { yaw: Number.NaN } }],
    ['nothing', undefined],
  ])('returns %s is refused', async (_, action) => {
    await expect(
      runPolicy(
        env,
        policyOf('wild', () => action as NamedAction),
      ),
    ).rejects.toMatchObject({
      code: 'action-invalid',
      message: expect.stringMatching(/^policy "wild", step 0: /),
    })
    await playsOn()
  })

  it('never answers is given up', async () => {
    let isTold = false
    const silent = policyOf('silent', (_, { signal }) => {
      signal.addEventListener('abort', () => {
        isTold = true
      })
      return new Promise<NamedAction>(() => {})
    })
    await expect(runPolicy(env, silent, { actTimeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' })
    expect(isTold).toBe(true)
    await playsOn()
  })

  it('is slower than the world several times in a row ends the run', async () => {
    const slow = policyOf('slow', () => new Promise<NamedAction>((resolve) => setTimeout(() => resolve({}), 15)))
    const run = runPolicy(new WorldEnv(new FakeBackend(FAKE_MANIFEST)), slow, { maxActMs: 5, maxSteps: 50 })
    await expect(run).rejects.toMatchObject({ code: 'policy-slow', message: expect.stringContaining('waits for 5') })
  })

  it('is slow once goes on', async () => {
    const stumbles = policyOf('stumbles', async ({ tick }) => {
      if (tick % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 120))
      return {}
    })
    const report = await runPolicy(env, stumbles, { maxActMs: 100 })
    expect(report.episodes[0]!.steps).toBe(5)
  })

  it('fails in words of its own is passed on', async () => {
    const own = policyOf('own', () => {
      throw new SoraError('endpoint-failed', 'down')
    })
    await expect(runPolicy(env, own)).rejects.toMatchObject({ code: 'endpoint-failed', message: 'down' })
  })
})

it('stops when told to', async () => {
  const stop = new AbortController()
  const run = runPolicy(env, ahead, {
    episodes: 9,
    signal: stop.signal,
    onStep: ({ episode }) => episode === 1 && stop.abort(new SoraError('aborted', 'enough')),
  })
  await expect(run).rejects.toMatchObject({ code: 'aborted' })
  await playsOn()
})

it('stops while a reset waits for somebody', async () => {
  const backend = new FakeBackend(FAKE_MANIFEST)
  const reset = backend.reset.bind(backend)
  let goOn = () => {}
  backend.reset = async (starts) => {
    await new Promise<void>((resolve) => {
      goOn = resolve
    })
    return reset(starts)
  }
  env = new WorldEnv(backend, { timeLimit: 1 })
  const stop = new AbortController()
  const run = runPolicy(env, ahead, { signal: stop.signal })
  stop.abort(new SoraError('aborted', 'enough'))
  await expect(run).rejects.toMatchObject({ code: 'aborted' })
  // The reset is the environment's until it is done.
  await expect(env.reset()).rejects.toMatchObject({ code: 'env-state' })
  goOn()
  backend.reset = reset
  await expect
    .poll(() =>
      env.reset().then(
        () => true,
        () => false,
      ),
    )
    .toBe(true)
  await playsOn()
})

it('refuses a number of episodes that is none', async () => {
  await expect(runPolicy(env, ahead, { episodes: 0 })).rejects.toMatchObject({ code: 'option-invalid' })
})
