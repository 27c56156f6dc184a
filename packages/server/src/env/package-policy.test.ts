import { runPolicy, WorldEnv } from '@sora-world/sdk/agent'
import { NO_ACTION } from '@sora-world/sdk/protocol'
import { afterEach, expect, it } from 'vitest'
import { FakeReaders } from '../model/fake-readers.ts'
import type { ActInput } from '../model/readers.ts'
import { createEnv } from './create-env.ts'
import { inProcessBackend } from './in-process-backend.ts'
import { openPackagePolicy, packagePolicy } from './package-policy.ts'

const open: WorldEnv[] = []
afterEach(async () => {
  for (const env of open.splice(0)) await env.close()
})

class HeardReaders extends FakeReaders {
  readonly asked: ActInput[] = []

  override act(input: ActInput): Promise<Float32Array> {
    this.asked.push(input)
    return super.act(input)
  }
}

async function play(readers: FakeReaders, maxSteps: number) {
  const backend = await inProcessBackend({ model: 'fake' })
  const env = new WorldEnv(backend, { prompt: 'a desert' })
  open.push(env)
  const latents: Float32Array[] = []
  const done: unknown[] = []
  const advance = backend.advance.bind(backend)
  backend.advance = async (moves) => {
    const chunks = await advance(moves)
    latents.push(chunks[0]!.latent!)
    done.push(moves[0]!.actions)
    return chunks
  }
  await runPolicy(env, packagePolicy(readers), { maxSteps, rngSeed: 4 })
  // The first is the first view.
  return { latents: latents.slice(1), done: done.slice(1) }
}

it('walks into the world, and then does what the package says to what it saw', async () => {
  const readers = new HeardReaders()
  const { latents, done } = await play(readers, 4)
  expect(done[0]).toEqual(Array(4).fill({ ...NO_ACTION, held: ['forward'] }))
  expect(readers.asked.map(({ chunkIndex }) => chunkIndex)).toEqual([2, 3, 4])
  expect(readers.asked.map((input) => input.latents.at(-1))).toEqual(latents.slice(0, 3))
  expect(readers.asked[0]).toMatchObject({ caption: 'a desert', rngSeed: 4, size: { width: 64, height: 48 } })
  // What led into the newest chunk: walking, in the first of the buttons.
  expect(Array.from(readers.asked[0]!.actions[0]!.subarray(0, 2))).toEqual([1, 0])
})

it('plays the same for the same random seed', async () => {
  const [a, b] = [await play(new FakeReaders(), 6), await play(new FakeReaders(), 6)]
  expect(b).toEqual(a)
  expect(JSON.stringify(a.done)).toContain('camera.yaw')
})

it('refuses steps of several chunks', async () => {
  const env = await createEnv({ model: 'fake', frameSkip: 2 })
  open.push(env)
  const run = runPolicy(env, packagePolicy(new FakeReaders()), { maxSteps: 1 })
  await expect(run).rejects.toMatchObject({ code: 'unsupported' })
})

it('is opened from a package, and refused for one that is not there', async () => {
  const { policy, release } = await openPackagePolicy('fake')
  expect(policy.name).toBe('fake policy')
  await release()
  await expect(openPackagePolicy('none')).rejects.toMatchObject({ code: 'model-missing' })
})
