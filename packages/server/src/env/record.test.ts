import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runPolicy, scripted, WorldEnv } from '@sora-world/sdk/agent'
import type { EnvBackend, EnvChunk } from '@sora-world/sdk/protocol'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEnv, createVecEnv } from './create-env.ts'
import { inProcessBackend } from './in-process-backend.ts'
import { record } from './record.ts'

/** Written by `record` itself. */
const RECORDING = new URL('../../../../test/fixtures/recording/', import.meta.url)

let folder: string
const open: { close(): Promise<void> }[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sora-record-'))
})
afterEach(async () => {
  for (const env of open.splice(0)) await env.close()
  await rm(folder, { recursive: true, force: true })
})

async function fakeEnv(): Promise<WorldEnv> {
  const env = await createEnv({ model: 'fake', prompt: 'a snowy forest' })
  open.push(env)
  return env
}

const linesOf = async (file: string) =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('a recording', () => {
  it('has a video, actions and a contact sheet for each episode', async () => {
    const env = await fakeEnv()
    const recording = await record(env, folder, { pictures: 5 })
    await runPolicy(env, scripted('walk forward 8 ticks, turn 16 and attack 4 ticks'), {
      ...{ episodes: 2, rngSeed: 7, maxSteps: 3 },
    })
    const { episodes, contactSheet } = await recording.finish()
    expect(episodes).toMatchObject([
      { episode: 1, rngSeed: 7, frames: 16, video: join(folder, 'episode-0001.mp4') },
      { episode: 2, rngSeed: 8, frames: 16, actions: join(folder, 'episode-0002.jsonl') },
    ])
    expect((await readdir(folder)).sort()).toEqual(
      ['contact-sheet.png', ...['1', '2'].flatMap((n) => [`episode-000${n}.jsonl`, `episode-000${n}.mp4`])].sort(),
    )
    const video = (await readFile(episodes[0]!.video)).toString('latin1')
    expect(video.slice(4, 8)).toBe('ftyp')
    expect(video).toContain('avc1')
    // Five pictures of 64x48 with gaps of 2, in two rows, shown three times as large.
    expect(await sharp(contactSheet!).metadata()).toMatchObject({ width: 3 * (5 * 66 + 2), height: 3 * (2 * 50 + 2) })
  })

  it('says in line t what led to frame t + 1', async () => {
    const env = await fakeEnv()
    const recording = await record(env, folder)
    await env.reset()
    await env.step({ forward: true, 'hotbar.4': true, camera: { yaw: 8, pitch: -2 } })
    await env.step({ use: true, sneak: true })
    const { episodes } = await recording.finish()
    const lines = await linesOf(episodes[0]!.actions!)
    expect(lines).toHaveLength(12)
    // Frames 0 to 3 are the first view; line 3 leads into the first frame of the first step.
    expect(lines[2]).toMatchObject({ keyboard: { keys: [] }, mouse: { dx: 0, dy: 0, buttons: [] }, hotbar: 0 })
    expect(lines[3]).toMatchObject({
      keyboard: { keys: ['key.keyboard.w', 'key.keyboard.4'] },
      mouse: { dx: 2, dy: -0.5, unit: 'degrees' },
      hotbar: 0,
    })
    expect(lines[4]).toMatchObject({ keyboard: { keys: ['key.keyboard.w'] }, hotbar: 3, caption: 'a snowy forest' })
    expect(lines[7]).toMatchObject({ keyboard: { keys: ['key.keyboard.left.shift'] }, mouse: { buttons: [1] } })
    expect(lines[11]).toMatchObject({ keyboard: { keys: [] }, mouse: { buttons: [] }, isGuiOpen: false, tick: 11 })
    expect(lines.map(({ pose }) => pose[3])).toEqual([0, 0, 0, 0, 2, 4, 6, 8, 8, 8, 8, 8])
  })

  it('is written as training/tests/world/test_recordings.py reads it', async () => {
    const env = await fakeEnv()
    const recording = await record(env, folder)
    await env.reset({ rngSeed: 1 })
    await env.step({ forward: true, sprint: true, camera: { yaw: 12 } })
    await env.step({ attack: true, 'hotbar.4': true, camera: { pitch: -6 } })
    const { episodes } = await recording.finish()
    const written = await readFile(episodes[0]!.actions!, 'utf8')
    expect(written).toBe(await readFile(new URL('episode-0001.jsonl', RECORDING), 'utf8'))
  })

  it('tells the worlds of a batch apart', async () => {
    const env = await createVecEnv({ model: 'fake', worlds: 2 })
    open.push(env)
    const recording = await record(env, folder)
    await env.reset()
    await env.step([{}, null])
    const { episodes } = await recording.finish()
    expect(episodes.map(({ world, frames }) => [world, frames])).toEqual([
      [0, 8],
      [1, 4],
    ])
    expect(await readdir(folder)).toContain('world-1-episode-0001.mp4')
  })

  it('begins with the next episode, and ends with what was seen until then', async () => {
    const env = await fakeEnv()
    await env.reset()
    const recording = await record(env, folder)
    await env.step({})
    await env.reset()
    await env.step({})
    const first = recording.finish()
    await env.step({})
    expect((await first).episodes).toMatchObject([{ frames: 8 }])
    expect(await recording.finish()).toBe(await first)
  })

  it('has no actions of an episode in which somebody else steered', async () => {
    const env = new WorldEnv(new SharedBackend(await inProcessBackend({ model: 'fake' })))
    open.push(env)
    const recording = await record(env, folder)
    await env.reset()
    await env.step({})
    const { episodes } = await recording.finish()
    expect(episodes).toMatchObject([{ frames: 8, actions: null }])
    expect(await readdir(folder)).not.toContain('episode-0001.jsonl')
  })
})

describe('when something is wrong', () => {
  it('a recording of nothing writes nothing', async () => {
    const recording = await record(await fakeEnv(), folder)
    expect(await recording.finish()).toEqual({ episodes: [], contactSheet: null })
    expect(await readdir(folder)).toEqual([])
  })

  it.each([
    [{ scale: 0 }, /scale is 0/],
    [{ pictures: 1.5 }, /pictures is 1.5/],
  ])('refuses %j', async (options, words) => {
    await expect(record(await fakeEnv(), folder, options)).rejects.toThrow(words)
  })

  it('a folder that cannot be made is told before the work', async () => {
    await writeFile(join(folder, 'file'), '')
    const recording = record(await fakeEnv(), join(folder, 'file', 'inside'))
    await expect(recording).rejects.toMatchObject({ code: 'output-failed' })
  })

  it('a folder that vanishes ends the recording in words, and the environment plays on', async () => {
    const env = await fakeEnv()
    const recording = await record(env, join(folder, 'inner'))
    await env.reset()
    await rm(join(folder, 'inner'), { recursive: true })
    await env.reset()
    await expect.poll(() => failureOf(() => recording.check())).toMatchObject({ code: 'output-failed' })
    await expect(recording.finish()).rejects.toMatchObject({ code: 'output-failed' })
    expect((await env.step({})).observation.tick).toBe(4)
    expect(await readdir(folder)).toEqual([])
  })
})

function failureOf(call: () => void): unknown {
  try {
    call()
    return null
  } catch (error) {
    return error
  }
}

/** A backend that does not know what led into its chunks, as a room. */
class SharedBackend implements EnvBackend {
  readonly #inner: EnvBackend
  readonly manifest
  readonly size
  readonly worlds = 1
  readonly describedChunks = 0
  readonly isRealTime = false

  constructor(inner: EnvBackend) {
    this.#inner = inner
    this.manifest = inner.manifest
    this.size = inner.size
  }

  async reset(...[starts]: Parameters<EnvBackend['reset']>): Promise<EnvChunk[]> {
    return this.#hide(await this.#inner.reset(starts))
  }

  async advance(...[moves]: Parameters<EnvBackend['advance']>): Promise<EnvChunk[]> {
    return this.#hide(await this.#inner.advance(moves))
  }

  say(world: number, text: string): Promise<void> {
    return this.#inner.say(world, text)
  }

  describe(...[latents]: Parameters<EnvBackend['describe']>) {
    return this.#inner.describe(latents)
  }

  snapshot(...[world, place]: Parameters<EnvBackend['snapshot']>) {
    return this.#inner.snapshot(world, place)
  }

  restore(...[kept]: Parameters<EnvBackend['restore']>) {
    return this.#inner.restore(kept)
  }

  fork(...[world, count]: Parameters<EnvBackend['fork']>) {
    return this.#inner.fork(world, count)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  #hide(chunks: EnvChunk[]): EnvChunk[] {
    return chunks.map((chunk) => ({ ...chunk, actions: null, driver: 'somebody' }))
  }
}
