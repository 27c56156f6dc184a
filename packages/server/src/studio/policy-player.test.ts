import { describe, expect, it } from 'vitest'
import { FakeModel } from '../model/fake-model.ts'
import { FakeReaders } from '../model/fake-readers.ts'
import type { ActInput } from '../model/readers.ts'
import { chunkActions, trackOf } from './action-file.ts'
import { generateVideo, type VideoChunk, type VideoSpec } from './generate.ts'
import { PolicyPlayer } from './policy-player.ts'

const model = new FakeModel()
const size = model.manifest.sizes[0]!

/** Remembers what it was asked. */
class WatchedReaders extends FakeReaders {
  readonly asked: ActInput[] = []
  override readonly manifest = {
    ...new FakeReaders().manifest,
    readers: { policy: { file: 'none', maxChunks: 2, cameraBins: [0, 1] } },
  }

  override async act(input: ActInput): Promise<Float32Array> {
    this.asked.push(input)
    return super.act(input)
  }
}

async function play(readers: FakeReaders, rngSeed: number): Promise<VideoChunk[]> {
  const spec: VideoSpec = {
    prompt: 'a forest',
    events: [{ seconds: 0.6, text: 'night falls' }],
    actions: trackOf([]),
    player: new PolicyPlayer(readers, size, rngSeed),
    seconds: 1,
    size,
    steps: 1,
    rngSeed,
  }
  const chunks: VideoChunk[] = []
  for await (const chunk of generateVideo(model, spec)) chunks.push(chunk)
  return chunks
}

describe('PolicyPlayer', () => {
  it('walks into the world, then plays from the newest chunks', async () => {
    const readers = new WatchedReaders()
    const chunks = await play(readers, 4)
    expect(chunks).toHaveLength(5)
    const walking = trackOf([{ frames: 4, held: ['forward'], axes: {} }])
    expect(chunks[0]!.actions).toEqual(chunkActions(model.manifest.actionSpace, walking, 0, 4))
    expect(readers.asked.map(({ chunkIndex }) => chunkIndex)).toEqual([1, 2, 3, 4])
    expect(readers.asked[0]!.latents).toEqual([chunks[0]!.latent])
    expect(readers.asked[3]!.latents).toEqual([chunks[2]!.latent, chunks[3]!.latent])
    expect(readers.asked[3]!.actions).toEqual([chunks[2]!.actions, chunks[3]!.actions])
    expect(readers.asked.map(({ caption }) => caption.includes('night falls'))).toEqual([false, false, true, true])
    expect(chunks[4]!.actions).toEqual(await new FakeReaders().act(readers.asked[3]!))
  })

  it('plays the same with the same seed, and otherwise with another', async () => {
    const actionsOf = async (rngSeed: number) => (await play(new FakeReaders(), rngSeed)).map(({ actions }) => actions)
    expect(await actionsOf(4)).toEqual(await actionsOf(4))
    expect(await actionsOf(4)).not.toEqual(await actionsOf(5))
  })
})
