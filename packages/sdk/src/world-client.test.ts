import { afterEach, describe, expect, it } from 'vitest'
import type { WorldClientOptions } from './client/world-options.ts'
import { FakeDecoder } from './decode/fake-decoder.ts'
import { SoraError } from './protocol/index.ts'
import type { Frame } from './stream/frame.ts'
import { FakeWorld, type FakeWorldOptions } from './transport/fake-world.ts'
import { VirtualClock } from './virtual-clock.ts'
import { WorldClient } from './world-client.ts'

let clock: VirtualClock
let world: WorldClient | null = null

interface Setup {
  world: WorldClient
  server: FakeWorld
  decoder: FakeDecoder
  frames: Frame[]
}

async function start(serverOptions: FakeWorldOptions = {}, options: WorldClientOptions = {}): Promise<Setup> {
  clock = new VirtualClock(1000)
  const server = new FakeWorld({ clock, latencyMs: 5, ...serverOptions })
  const decoder = new FakeDecoder()
  const connecting = WorldClient.connect('http://nowhere', {
    clock,
    transport: server.transport,
    files: server.files,
    decoder,
    ...options,
  })
  connecting.catch(() => {})
  await clock.advance(20)
  world = await connecting
  const frames: Frame[] = []
  world.on('frame', (frame) => frames.push(frame))
  return { world, server, decoder, frames }
}

afterEach(async () => {
  await world?.close()
  world = null
})

describe('WorldClient', () => {
  it('shows the frames of a world evenly, by its own timer', async () => {
    const { world, frames } = await start()
    await clock.advance(2000)
    expect(world.state).toBe('running')
    expect(frames.length).toBeGreaterThan(36)
    expect(frames.map((frame) => frame.index)).toEqual(frames.map((_, index) => index))
    expect(world.stats.fps).toBeCloseTo(20, -1)
  })
})
