import type { StepResult } from '@sora-world/sdk/agent'
import { afterEach, describe, expect, it } from 'vitest'
import { FakeModel } from '../model/fake-model.ts'
import { readWorld } from '../worlds/world-file.ts'
import { type CreateEnvOptions, createEnv, createVecEnv } from './create-env.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const env of open.splice(0)) await env.close()
})
const kept = <T extends { close(): Promise<void> }>(env: T): T => {
  open.push(env)
  return env
}
const fakeEnv = async (options: CreateEnvOptions = {}) =>
  kept(await createEnv({ model: new FakeModel({ memory: true }), ...options }))

const ACTION = { forward: true, camera: { yaw: 8, pitch: -3 } }

async function play(env: { step(action: object): Promise<StepResult> }, steps: number): Promise<StepResult> {
  let last!: StepResult
  for (let step = 0; step < steps; step++) last = await env.step(step % 3 === 0 ? ACTION : { jump: true })
  return last
}

const seen = ({ observation: { frames, depth, pose, tick, seconds, caption, latent } }: StepResult) =>
  structuredClone({ frames, depth, pose, tick, seconds, caption, latent })

describe('an environment', () => {
  // Beyond the first mark, so that a history begins in the middle of the world.
  it.each([3, 70])('goes on from a file after %i steps as if nothing had happened', async (steps) => {
    const env = await fakeEnv()
    await env.reset({ rngSeed: 9, prompt: 'a desert' })
    await env.say('it starts to rain')
    const before = await play(env, steps)
    const bytes = await env.snapshot()
    const after = seen(await play(env, 4))
    const other = await fakeEnv()
    const observation = await other.restore(bytes)
    expect(seen({ ...before, observation })).toEqual(seen(before))
    expect(other.rngSeed).toBe(9)
    expect(seen(await play(other, 4))).toEqual(after)
    // And the one that wrote it, which has gone on since.
    await env.restore(bytes)
    expect(seen(await play(env, 4))).toEqual(after)
  })

  it('branches: each goes its own way, and outlives the one that it comes from', async () => {
    const model = new FakeModel({ memory: true })
    let released = 0
    model.release = async () => {
      released++
    }
    const env = await fakeEnv({ model })
    await env.reset({ rngSeed: 2 })
    await play(env, 40)
    const branches = await env.fork(2)
    for (const branch of branches) kept(branch)
    expect(branches.map((branch) => branch.observation)).toEqual([env.observation, env.observation])
    const [same, other] = branches
    const expected = seen(await env.step(ACTION))
    await env.close()
    expect(seen(await same!.step(ACTION))).toEqual(expected)
    expect(seen(await other!.step({ camera: { yaw: -8 } }))).not.toEqual(expected)
    expect(released).toBe(0)
  })

  it('writes files that a room takes up too', async () => {
    const env = await fakeEnv()
    await env.reset({ prompt: 'a forest', rngSeed: 4 })
    await play(env, 2)
    const value = await readWorld(await env.snapshot())
    expect(value).toMatchObject({ prompt: 'a forest', rngSeed: 4, next: 3, place: env.observation!.pose })
  })

  it('refuses in words, and goes on', async () => {
    const env = await fakeEnv()
    await expect(env.snapshot()).rejects.toMatchObject({ code: 'env-state' })
    await expect(env.fork(1)).rejects.toMatchObject({ code: 'env-state' })
    const first = await env.reset()
    await expect(env.fork(0)).rejects.toMatchObject({ code: 'option-invalid' })
    await expect(env.restore(new Uint8Array(99))).rejects.toMatchObject({ code: 'world-invalid' })
    const big = await fakeEnv({ size: { width: 48, height: 64 } })
    await big.reset()
    await expect(env.restore(await big.snapshot())).rejects.toMatchObject({ code: 'world-mismatch' })
    const stranger = await fakeEnv({ model: new FakeModel() })
    await stranger.reset()
    await expect(env.restore(await stranger.snapshot())).rejects.toMatchObject({ code: 'world-mismatch' })
    expect(env.observation).toBe(first)
    expect((await env.step(ACTION)).observation.tick).toBe(4)
  })
})

describe('several worlds', () => {
  it('branch into each other’s places', async () => {
    const env = kept(await createVecEnv({ model: new FakeModel({ memory: true }), worlds: 3 }))
    await env.reset()
    await env.step([ACTION, ACTION, ACTION])
    const [into] = await env.fork(0, [2])
    const [zero, one, two] = await env.step([ACTION, ACTION, ACTION])
    expect(into!.tick).toBe(4)
    expect(seen(two!)).toEqual(seen(zero!))
    expect(seen(one!)).not.toEqual(seen(zero!))
    await expect(env.fork(1, [1])).rejects.toMatchObject({ code: 'option-invalid' })
    await expect(env.fork(1, [7])).rejects.toMatchObject({ code: 'option-invalid' })
  })
})
