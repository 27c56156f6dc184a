import { beforeEach, describe, expect, it } from 'vitest'
import { SoraError } from '../protocol/index.ts'
import { FAKE_MANIFEST } from '../transport/fake-manifest.ts'
import type { EnvOptions } from './env-options.ts'
import type { ShownChunk } from './episode.ts'
import { FakeBackend } from './fake-backend.ts'
import { distanceWalked } from './rewards.ts'
import { WorldEnv } from './world-env.ts'

let backend: FakeBackend
beforeEach(() => {
  backend = new FakeBackend(FAKE_MANIFEST)
})
const envOf = (options: EnvOptions = {}) => new WorldEnv(backend, options)

describe('reset', () => {
  it('shows the first view', async () => {
    const env = envOf({ prompt: 'a desert' })
    expect(env.observation).toBeNull()
    const first = await env.reset({ rngSeed: 7 })
    expect(first).toMatchObject({ width: 128, height: 80, tick: 0, seconds: 0, caption: 'a desert', driver: '' })
    expect(first.frames).toHaveLength(4 * 80 * 128 * 3)
    expect(first.frame).toHaveLength(80 * 128 * 3)
    expect(first.frame[0]).toBe(3)
    expect(first.depth).toMatchObject({ width: 16, height: 10 })
    expect(first.depth!.inverse).toHaveLength(160)
    expect(first.pose).toEqual({ x: 0, y: 0, z: 0, yaw: 0, pitch: 0 })
    expect(backend.starts).toEqual([{ world: 0, prompt: 'a desert', rngSeed: 7 }])
  })

  it('takes another random seed each time, unless one is given', async () => {
    const env = envOf()
    await env.reset()
    await env.reset()
    await env.reset({ rngSeed: 0xffffffff, prompt: 'a beach' })
    await env.reset()
    expect(backend.starts.map(({ rngSeed }) => rngSeed)).toEqual([0, 1, 0xffffffff, 0])
    expect(backend.starts.at(-2)!.prompt).toBe('a beach')
  })

  it.each([
    ['a random seed that is NaN', { rngSeed: Number.NaN }, 'option-invalid'],
    ['a random seed below 0', { rngSeed: -1 }, 'option-invalid'],
    ['an empty prompt', { prompt: ' ' }, 'prompt-empty'],
    ['a prompt without end', { prompt: 'x'.repeat(10_000) }, 'prompt-too-long'],
  ])('refuses %s', async (_, options, code) => {
    await expect(envOf().reset(options)).rejects.toMatchObject({ code })
    expect(backend.starts).toEqual([])
  })
})

describe('step', () => {
  it('adds up pose, ticks and reward', async () => {
    const env = envOf({ reward: distanceWalked() })
    await env.reset()
    await env.step({ camera: { yaw: 30 } })
    await env.step({ camera: { yaw: 30 } })
    await env.step({ camera: { yaw: 30 } })
    const { observation, reward, terminated, truncated, info } = await env.step({ forward: true })
    expect(observation).toMatchObject({ tick: 16, seconds: 0.8 })
    expect(observation.pose!.yaw).toBeCloseTo(90)
    // Yaw 90 looks along +x.
    expect(observation.pose!.x).toBeCloseTo(0.8)
    expect(observation.pose!.z).toBeCloseTo(0)
    expect(reward).toBeCloseTo(0.8)
    expect({ terminated, truncated }).toEqual({ terminated: false, truncated: false })
    expect(info).toMatchObject({ frames: 4, isOverridden: false })
  })

  it('skips frames: several chunks, a turn spread over all of them', async () => {
    const env = envOf({ frameSkip: 3 })
    await env.reset()
    const { observation, info } = await env.step({ 'hotbar.2': true, camera: { yaw: 24 } })
    expect(backend.calls).toHaveLength(3)
    expect(backend.calls.flatMap(([move]) => move!.actions.map(({ axes }) => axes['camera.yaw']))).toEqual(
      Array(12).fill(2),
    )
    expect(backend.calls[1]![0]!.actions[0]!.held).toEqual([])
    expect(observation.tick).toBe(12)
    expect(info.frames).toBe(12)
    expect(env.stepMs).toBe(600)
  })

  it('is cut by the clock', async () => {
    const env = envOf({ timeLimit: 0.4 })
    await env.reset()
    expect(await env.step({})).toMatchObject({ truncated: false })
    expect(await env.step({})).toMatchObject({ truncated: true, terminated: false })
    await expect(env.step({})).rejects.toMatchObject({ code: 'env-state' })
    await env.reset()
    expect(await env.step({})).toMatchObject({ truncated: false })
  })

  it('is ended by a predicate, which sees what was done', async () => {
    const env = envOf({ isOver: ({ after, actions }) => after.tick === 8 && actions[0]!.held.includes('jump') })
    await env.reset()
    expect(await env.step({ jump: true })).toMatchObject({ terminated: false })
    expect(await env.step({ jump: true })).toMatchObject({ terminated: true, truncated: false })
  })

  it('refuses an action and has not moved', async () => {
    const env = envOf()
    await env.reset()
    await expect(env.step({ camera: { yaw: Number.NaN } })).rejects.toMatchObject({ code: 'action-invalid' })
    expect(backend.calls).toEqual([])
    expect(await env.step({})).toMatchObject({ observation: { tick: 4 } })
  })

  it('refuses a reward that is no number', async () => {
    const env = envOf({ reward: () => Number.NaN })
    await env.reset()
    await expect(env.step({})).rejects.toMatchObject({ code: 'option-invalid' })
  })

  it('needs a reset before, one call at a time, and an open environment', async () => {
    const env = envOf()
    await expect(env.step({})).rejects.toMatchObject({ code: 'env-state' })
    await env.reset()
    const first = env.step({})
    await expect(env.step({})).rejects.toMatchObject({ code: 'env-state' })
    await first
    await env.close()
    await env.close()
    await expect(env.step({})).rejects.toMatchObject({ code: 'env-state' })
    expect(backend.isClosed).toBe(true)
  })

  it('passes on what the backend throws; the episode is over then and the next one plays', async () => {
    const env = envOf()
    await env.reset()
    backend.failure = new SoraError('worker-crashed', 'gone')
    await expect(env.step({})).rejects.toMatchObject({ code: 'worker-crashed' })
    await expect(env.step({})).rejects.toMatchObject({ code: 'env-state' })
    await env.reset()
    expect(await env.step({})).toMatchObject({ observation: { tick: 4 } })
  })
})

it('tells of every chunk until the listener is removed', async () => {
  const env = envOf({ frameSkip: 2 })
  const shown: ShownChunk[] = []
  const remove = env.onChunk((chunk) => shown.push(chunk))
  await env.reset()
  await env.step({ forward: true })
  remove()
  await env.step({})
  expect(shown.map(({ isFirst, episode, poses }) => ({ isFirst, episode, z: poses?.at(-1)?.z }))).toEqual([
    { isFirst: true, episode: 1, z: 0 },
    { isFirst: false, episode: 1, z: expect.closeTo(-0.8) },
    { isFirst: false, episode: 1, z: expect.closeTo(-1.6) },
  ])
})

it('says things to the world', async () => {
  const env = envOf()
  await env.reset()
  await env.say(' it starts to rain ')
  expect((await env.step({})).observation.caption).toMatch(/it starts to rain$/)
  await expect(env.say('')).rejects.toMatchObject({ code: 'prompt-empty' })
})

it.each([{ frameSkip: 0 }, { frameSkip: 1.5 }, { frameSkip: Number.NaN }, { timeLimit: 0 }, { timeLimit: Number.NaN }])(
  'refuses options %j',
  (options) => {
    expect(() => envOf(options)).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  },
)

describe('descriptions', () => {
  const described = (describe: number | boolean, describedChunks = 2) => {
    backend = new FakeBackend(FAKE_MANIFEST, { describedChunks })
    return envOf({ describe, frameSkip: 2 })
  }

  it('are of the newest chunks, every so many steps; the last one stands meanwhile', async () => {
    const env = described(2)
    const said = [(await env.reset()).description]
    for (let step = 0; step < 4; step++) said.push((await env.step({})).observation.description)
    // Two chunks a step: the reset brings chunk 0, the second step chunks 3 and 4.
    expect(said).toEqual(['chunks 0', 'chunks 0', 'chunks 3 4', 'chunks 3 4', 'chunks 7 8'])
    expect((await env.reset()).description).toBe('chunks 0')
  })

  it('are null unless asked for', async () => {
    const env = envOf()
    expect((await env.reset()).description).toBeNull()
    expect((await env.step({})).observation.description).toBeNull()
  })

  it('are refused where nothing can describe, and for a number of steps that is none', () => {
    expect(() => described(true, 0)).toThrow(expect.objectContaining({ code: 'unsupported' }))
    expect(() => described(1.5)).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })
})
