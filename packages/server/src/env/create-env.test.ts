import { captionMatch, noop, runPolicy, scripted } from '@sora-world/sdk/agent'
import { afterEach, describe, expect, it } from 'vitest'
import { FakeModel } from '../model/fake-model.ts'
import { FakeReaders } from '../model/fake-readers.ts'
import { trackOf } from '../studio/action-file.ts'
import { generateVideo } from '../studio/generate.ts'
import { type CreateEnvOptions, createEnv, createVecEnv } from './create-env.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const env of open.splice(0)) await env.close()
})
const fakeEnv = async (options: CreateEnvOptions = {}) => {
  const env = await createEnv({ model: 'fake', ...options })
  open.push(env)
  return env
}

describe('an environment in process', () => {
  it('plays the same frames as the video of the same world', async () => {
    const env = await fakeEnv({ prompt: 'a snowy forest' })
    const played: Uint8Array[] = []
    env.onChunk(({ frames }) => played.push(frames))
    await env.reset({ rngSeed: 5 })
    for (let step = 0; step < 3; step++) await env.step({ forward: true, camera: { yaw: 8 } })

    const model = new FakeModel()
    const actions = trackOf([
      { frames: 4, held: [], axes: {} },
      { frames: 12, held: ['forward'], axes: { 'camera.yaw': 2 } },
    ])
    const { sizes } = model.manifest
    const spec = { prompt: 'a snowy forest', seconds: 0.8, size: sizes[0]!, steps: 2, rngSeed: 5, actions }
    const video: Uint8Array[] = []
    for await (const { frames } of generateVideo(model, spec)) video.push(frames)
    expect(played).toEqual(video)
  })

  it('starts the same world for the same random seed, and another one for another', async () => {
    const env = await fakeEnv()
    const [a, b, c] = [
      await env.reset({ rngSeed: 1 }),
      await env.reset({ rngSeed: 1 }),
      await env.reset({ rngSeed: 2 }),
    ]
    expect(b.frame).toEqual(a.frame)
    expect(c.frame).not.toEqual(a.frame)
  })

  it('says things to the world from the next chunk on', async () => {
    const env = await fakeEnv({ prompt: 'a forest' })
    await env.reset()
    await env.say('it starts to rain')
    expect((await env.step({})).observation.caption).toMatch(/^a forest.*it starts to rain/)
    expect((await env.reset()).caption).toBe('a forest')
  })

  it('takes a size of the model and an open model, which stays the caller’s', async () => {
    const model = new FakeModel()
    const env = await fakeEnv({ model, size: { width: 48, height: 64 } })
    expect(await env.reset()).toMatchObject({ width: 48, height: 64 })
    await env.close()
    const again = await fakeEnv({ model })
    expect(await again.reset()).toMatchObject({ width: 64, height: 48 })
  })

  it('is open for another policy after one that failed', async () => {
    const env = await fakeEnv({ timeLimit: 0.4 })
    const broken = { name: 'broken', start: () => ({}), act: () => ({ camera: { yaw: Number.NaN } }) }
    await expect(runPolicy(env, broken)).rejects.toMatchObject({ code: 'action-invalid' })
    const report = await runPolicy(env, noop(), { rngSeed: 1 })
    expect(report.episodes).toMatchObject([{ steps: 2, truncated: true }])
  })

  it('says in words what it shows, and how much of its caption', async () => {
    const env = await fakeEnv({ describe: true, prompt: 'a fake forest', reward: captionMatch() })
    expect((await env.reset()).description).toBe('a fake world')
    const { observation, reward } = await env.step({ forward: true })
    expect(observation.description).toBe('a fake world forward')
    expect(reward).toBe(0.5)
    const [branch] = await env.fork(1)
    open.push(branch!)
    expect((await branch!.step({ jump: true })).observation.description).toBe('a fake world jump')
  })

  it('describes with readers of the caller’s, and nothing without any', async () => {
    const model = new FakeModel()
    const readers = new FakeReaders()
    let released = 0
    readers.release = async () => {
      released++
    }
    const env = await fakeEnv({ model, readers, describe: 2 })
    expect((await env.reset()).description).toBe('a fake world')
    await env.close()
    expect(released).toBe(0)
    await expect(createEnv({ model, describe: true })).rejects.toMatchObject({ code: 'unsupported' })
  })

  it('leaves nothing behind after many episodes', async () => {
    const env = await fakeEnv()
    for (let episode = 0; episode < 50; episode++) await env.reset()
    expect((await env.step({})).observation.tick).toBe(4)
  })

  it.each([
    [{ model: 'none' }, 'model-missing'],
    [{ steps: 3 }, 'option-invalid'],
    [{ size: { width: 1, height: 1 } }, 'option-invalid'],
    [{ frameSkip: 0 }, 'option-invalid'],
    [{ prompt: '' }, 'prompt-empty'],
    [{ provider: 'abacus', model: undefined }, 'option-invalid'],
  ])('refuses %j', async (options, code) => {
    await expect(createEnv({ model: 'fake', ...options })).rejects.toMatchObject({ code })
  })
})

describe('several worlds in one batch', () => {
  it('show what each would show alone', async () => {
    const env = await createVecEnv({ model: 'fake', worlds: 2, prompt: 'a desert' })
    open.push(env)
    await env.reset([{ rngSeed: 3 }, { rngSeed: 4 }])
    await env.step([{ forward: true }, null])
    const [both, other] = await env.step([{ forward: true }, { camera: { yaw: 12 } }])

    const alone = await fakeEnv({ prompt: 'a desert' })
    await runPolicy(alone, scripted('walk 8 ticks'), { rngSeed: 3, maxSteps: 2 })
    expect(both!.observation.frames).toEqual(alone.observation!.frames)
    await runPolicy(alone, scripted('turn 12 and wait 4'), { rngSeed: 4, maxSteps: 1 })
    expect(other!.observation.frames).toEqual(alone.observation!.frames)
  })

  it.each([0, 65, 1.5, Number.NaN])('refuses %s worlds', async (worlds) => {
    await expect(createVecEnv({ model: 'fake', worlds })).rejects.toMatchObject({ code: 'option-invalid' })
  })
})
