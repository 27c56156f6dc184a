import { describe, expect, it, vi } from 'vitest'
import { SoraError } from '../protocol/index.ts'
import { FAKE_MANIFEST } from '../transport/fake-manifest.ts'
import { makeChunk } from './decoder.suite.ts'
import { FakeEngine } from './fake-engine.ts'
import { LatentDecoder, type LatentDecoderOptions } from './latent-decoder.ts'
import type { LatentEngine } from './latent-engine.ts'
import type { ModelFiles } from './model-files.ts'
import { SharedEngines } from './shared-engines.ts'

const files: ModelFiles = { manifest: async () => FAKE_MANIFEST, read: async () => new Uint8Array(1) }
const load = { manifest: FAKE_MANIFEST, variant: 'fake', size: FAKE_MANIFEST.sizes[0]!, files }
const chunk = (seq: number) => makeChunk(FAKE_MANIFEST, 'latent', seq)

/** A page with its engines; what is made and disposed is counted. */
function page(makeEngine: () => LatentEngine = () => new FakeEngine()) {
  const engines = new SharedEngines()
  const made: LatentEngine[] = []
  let disposed = 0
  const createEngine = () => {
    const engine = makeEngine()
    const { dispose } = engine
    engine.dispose = () => {
      disposed++
      dispose.call(engine)
    }
    made.push(engine)
    return engine
  }
  const decoder = (options: LatentDecoderOptions = {}) => new LatentDecoder({ engines, createEngine, ...options })
  return { engines, made, decoder, disposed: () => disposed }
}

async function greenOf(decoder: LatentDecoder, seq: number): Promise<number | undefined> {
  return (await decoder.decode(chunk(seq))).pictures[0]!.rgba[1]
}

describe('worlds of one page', () => {
  it('decode with one engine, each with a state of its own', async () => {
    const { engines, made, decoder } = page()
    const [first, second] = [decoder(), decoder()]
    await Promise.all([first.load(load), second.load(load)])
    expect(made).toHaveLength(1)
    const greens = [await greenOf(first, 0), await greenOf(first, 1), await greenOf(second, 0), await greenOf(first, 2)]
    expect(greens).toEqual([1, 2, 1, 3])
    first.dispose()
    second.dispose()
    expect(engines.size).toBe(0)
  })

  it('never run two chunks at once', async () => {
    let running = 0
    let most = 0
    const { decoder } = page(() => {
      const engine = new FakeEngine()
      const { decode } = engine
      engine.decode = async (...given) => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setTimeout(resolve, 1))
        running--
        return decode.apply(engine, given)
      }
      return engine
    })
    const worlds = [decoder(), decoder(), decoder()]
    await Promise.all(worlds.map((world) => world.load(load)))
    await Promise.all(worlds.flatMap((world) => [world.decode(chunk(0)), world.decode(chunk(1))]))
    expect(most).toBe(1)
  })

  it('keep the engine until the last one leaves', async () => {
    const { decoder, disposed } = page()
    const [first, second] = [decoder(), decoder()]
    await Promise.all([first.load(load), second.load(load)])
    first.dispose()
    first.dispose()
    expect(disposed()).toBe(0)
    expect(await greenOf(second, 0)).toBe(1)
    second.dispose()
    expect(disposed()).toBe(1)
  })

  it('of different size have different engines', async () => {
    const { made, decoder } = page()
    const [first, second] = [decoder(), decoder()]
    await Promise.all([first.load(load), second.load({ ...load, size: { ...load.size, width: 320 } })])
    expect(made).toHaveLength(2)
  })

  it('wait for one start; who gives up leaves the others waiting', async () => {
    let start: () => void = () => {}
    const { made, decoder, disposed } = page(() => {
      const engine = new FakeEngine()
      const { load: loadEngine } = engine
      engine.load = async (...given) => {
        await new Promise<void>((resolve) => (start = resolve))
        return loadEngine.apply(engine, given)
      }
      return engine
    })
    const [first, second] = [decoder(), decoder()]
    const loading = [first.load(load), second.load(load)]
    await vi.waitFor(() => expect(made).toHaveLength(1))
    first.dispose()
    await expect(loading[0]).rejects.toMatchObject({ code: 'aborted' })
    start()
    await loading[1]
    expect(disposed()).toBe(0)
    expect(await greenOf(second, 0)).toBe(1)
  })

  it('all learn that an engine does not start, and the next one tries again', async () => {
    let isBroken = true
    const { engines, decoder } = page(() => {
      const engine = new FakeEngine()
      if (isBroken) engine.load = () => Promise.reject(new SoraError('no-wasm', 'none'))
      return engine
    })
    const loading = [decoder().load(load), decoder().load(load)]
    for (const result of loading) await expect(result).rejects.toMatchObject({ code: 'no-wasm' })
    expect(engines.size).toBe(0)
    isBroken = false
    await decoder().load(load)
  })

  it('all learn that an engine is lost, and the next one gets another', async () => {
    const { made, decoder } = page(() => {
      const engine = new FakeEngine() as LatentEngine
      const { decode } = engine
      engine.decode = (...given) => (engine.problem ? Promise.reject(engine.problem) : decode.apply(engine, given))
      return engine
    })
    const [first, second] = [decoder(), decoder()]
    await Promise.all([first.load(load), second.load(load)])
    const lost = new SoraError('decoder-failed', 'decoder worker: out of memory')
    Object.defineProperty(made[0], 'problem', { value: lost })
    for (const world of [first, second]) await expect(world.decode(chunk(0))).rejects.toBe(lost)
    const third = decoder()
    await third.load(load)
    expect(made).toHaveLength(2)
    expect(await greenOf(third, 0)).toBe(1)
  })

  it('reject what is under way when they are closed', async () => {
    const { decoder } = page()
    const [first, second] = [decoder(), decoder()]
    await Promise.all([first.load(load), second.load(load)])
    const decoding = first.decode(chunk(0))
    first.dispose()
    await expect(decoding).rejects.toMatchObject({ code: 'aborted' })
    expect(await greenOf(second, 0)).toBe(1)
  })
})
