import { afterEach, describe, expect, it } from 'vitest'
import { FakeDecoder } from '../../decode/fake-decoder.ts'
import { NO_ACTION, SoraError } from '../../protocol/index.ts'
import { FakeWorld, type FakeWorldOptions } from '../../transport/fake-world.ts'
import { VirtualClock } from '../../virtual-clock.ts'
import type { EnvOptions } from '../env-options.ts'
import { WorldEnv } from '../world-env.ts'
import { RoomBackend, type RoomOptions } from './room-backend.ts'

let clock: VirtualClock
let backend: RoomBackend | null = null
afterEach(() => backend?.close())

async function start(options: RoomOptions & EnvOptions = {}, serverOptions: FakeWorldOptions = {}) {
  clock = new VirtualClock(1000)
  const server = new FakeWorld({ clock, latencyMs: 5, ...serverOptions })
  const { transport, files } = server
  const decoder = new FakeDecoder()
  const connecting = RoomBackend.connect('http://nowhere', { clock, transport, files, decoder, ...options })
  backend = await inTime(connecting, 100)
  return { server, env: new WorldEnv(backend, options) }
}

/** Waits in virtual time; a failure of the promise is not lost meanwhile. */
async function inTime<T>(promise: Promise<T>, ms = 1000): Promise<T> {
  promise.catch(() => {})
  await clock.advance(ms)
  const late = Symbol()
  const result = await Promise.race([promise, Promise.resolve(late)])
  if (result === late) throw new Error(`nothing within ${ms} ms`)
  return result as T
}

describe('a room as an environment', () => {
  it('starts a world, and shows its first view', async () => {
    const { server, env } = await start({ prompt: 'a desert' })
    const first = await inTime(env.reset({ rngSeed: 7 }))
    expect(server.received).toContainEqual({ name: 'prompt', message: { text: 'a desert', rngSeed: 7 } })
    expect(first).toMatchObject({ width: 128, height: 80, tick: 0, driver: '' })
    expect(first.frames).toHaveLength(4 * 80 * 128 * 3)
    expect(first.depth!.inverse).toHaveLength(160)
    expect(first.latent!.length).toBeGreaterThan(0)
    expect(env.isRealTime).toBe(true)
  })

  it('brings one chunk a step, and none is left out while the policy keeps pace', async () => {
    await start()
    const chunks = await inTime(backend!.reset([{ world: 0, prompt: 'a desert', rngSeed: 1 }]), 250)
    for (let step = 0; step < 8; step++) {
      chunks.push(...(await inTime(backend!.advance([{ world: 0, actions: Array(4).fill(NO_ACTION) }]), 200)))
    }
    expect(chunks.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('sends what is held, tapped and turned', async () => {
    const { server, env } = await start()
    await inTime(env.reset())
    await inTime(env.step({ forward: true, 'hotbar.3': true, camera: { yaw: 20, pitch: -4 } }), 200)
    expect(server.controls.at(-1)).toMatchObject({ held: ['forward'], axes: { 'camera.yaw': 20, 'camera.pitch': -4 } })
    expect(server.controls.at(-1)!.pressed).toContain('hotbar.3')
    const actions = [['jump'], [], [], []].map((held) => ({ held, axes: {} }))
    await inTime(env.step(actions), 200)
    expect(server.controls.at(-1)).toMatchObject({ held: [], pressed: ['jump'] })
  })

  it('lets go when the policy does not come back', async () => {
    const { server, env } = await start()
    await inTime(env.reset())
    await inTime(env.step({ forward: true }), 200)
    expect(server.controls.at(-1)!.held).toEqual(['forward'])
    await clock.advance(1500)
    expect(server.controls.at(-1)!.held).toEqual([])
  })

  it('shows where the world is now to a policy that was slow', async () => {
    await start()
    await inTime(backend!.reset([{ world: 0, prompt: 'a desert', rngSeed: 1 }]), 250)
    await clock.advance(3000)
    const [chunk] = await inTime(backend!.advance([{ world: 0, actions: Array(4).fill(NO_ACTION) }]), 0)
    // 15 chunks have come meanwhile.
    expect(chunk!.index).toBeGreaterThan(11)
  })
})

describe('a person', () => {
  it('takes over and hands back; the steps go on', async () => {
    const { server, env } = await start()
    await inTime(env.reset())
    server.setRoom({ driver: 'a person' })
    await inTime(env.step({ forward: true }), 200)
    const overridden = await inTime(env.step({ forward: true }), 200)
    expect(overridden).toMatchObject({ info: { isOverridden: true }, observation: { driver: 'a person' } })
    server.setRoom({ driver: 'me' })
    await inTime(env.step({ forward: true }), 200)
    expect(await inTime(env.step({ forward: true }), 200)).toMatchObject({ info: { isOverridden: false } })
  })

  it('keeps their world: a reset waits until they hand back', async () => {
    const { server, env } = await start()
    server.setRoom({ driver: 'a person' })
    await clock.advance(10)
    const reset = env.reset()
    await clock.advance(60_000)
    expect(server.received.filter(({ name }) => name === 'prompt')).toEqual([])
    server.setRoom({ driver: '' })
    await inTime(reset)
    expect(server.received.map(({ name }) => name)).toContain('take-control')
  })

  it('who keeps the controls for too long ends it in words', async () => {
    const { server, env } = await start({ handBackTimeoutMs: 500 })
    server.setRoom({ driver: 'a person' })
    await clock.advance(10)
    await expect(inTime(env.reset())).rejects.toMatchObject({ code: 'not-driver' })
  })

  it('who starts another world ends the episode', async () => {
    const { server, env } = await start()
    await inTime(env.reset())
    server.setRoom({ world: 9 })
    await expect(inTime(env.step({}), 400).then(() => inTime(env.step({}), 400))).rejects.toMatchObject({
      code: 'env-state',
    })
    await inTime(env.reset())
    expect((await inTime(env.step({}), 200)).observation.tick).toBe(4)
  })
})

describe('when something fails', () => {
  it('a room that stands still is given up', async () => {
    const { env } = await start({ chunkTimeoutMs: 700 })
    await inTime(env.reset())
    backend!.client.pause()
    await clock.advance(50)
    const steps = async () => {
      for (let step = 0; step < 4; step++) await env.step({})
    }
    await expect(inTime(steps(), 5000)).rejects.toMatchObject({ code: 'timeout' })
  })

  it('a room that was left rejects a step under way and those after it', async () => {
    const { env } = await start()
    await inTime(env.reset())
    const steps = async () => {
      for (;;) await env.step({})
    }
    const playing = inTime(steps(), 5000)
    await backend!.client.close()
    await expect(playing).rejects.toMatchObject({ code: 'aborted' })
    await expect(env.step({})).rejects.toMatchObject({ code: 'env-state' })
  })

  it('locked controls refuse the connection, and it is closed', async () => {
    clock = new VirtualClock(1000)
    const server = new FakeWorld({ clock, latencyMs: 5, room: { driver: 'a person' } })
    const { transport, files } = server
    server.refusals.set('take-control', new SoraError('not-driver', 'the driver keeps the controls'))
    const connecting = RoomBackend.connect('http://nowhere', { clock, transport, files, decoder: new FakeDecoder() })
    await expect(inTime(connecting)).rejects.toMatchObject({ code: 'not-driver' })
    expect(clock.pending).toBe(0)
  })
})
