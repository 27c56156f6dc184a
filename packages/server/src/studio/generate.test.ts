import { describe, expect, it } from 'vitest'
import { FakeModel } from '../model/fake-model.ts'
import { trackOf } from './action-file.ts'
import { generateVideo, type VideoChunk, type VideoSpec } from './generate.ts'

const model = new FakeModel({ memory: true })
const spec: VideoSpec = {
  prompt: 'a forest',
  actions: trackOf([{ frames: Number.POSITIVE_INFINITY, held: ['forward'], axes: { 'camera.yaw': 4 } }]),
  seconds: 0.6,
  size: model.manifest.sizes[0]!,
  steps: 1,
  rngSeed: 3,
}

async function video(more: Partial<VideoSpec> = {}): Promise<VideoChunk[]> {
  const chunks: VideoChunk[] = []
  for await (const chunk of generateVideo(model, { ...spec, ...more })) chunks.push(chunk)
  return chunks
}

describe('generateVideo', () => {
  it('yields each chunk as the decoder shows it, one after the other', async () => {
    const { size } = spec
    let state: Float32Array = new Float32Array(
      model.manifest.decoder.stateChannels * size.latentWidth * size.latentHeight,
    )
    for (const { latent, frames, inverseDepth } of await video()) {
      const expected = await model.decode({ size, batch: 1, latent, state })
      expect(frames).toEqual(expected.frames)
      expect(inverseDepth).toEqual(expected.inverseDepth)
      state = expected.nextState
    }
  })

  it('remembers its world unless told not to', async () => {
    const [on, off] = [await video(), await video({ memory: false })]
    expect(on).toHaveLength(3)
    expect(on[0]!.latent).toEqual(off[0]!.latent)
    expect(on[1]!.latent).not.toEqual(off[1]!.latent)
  })
})
