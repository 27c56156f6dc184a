import { actionWidth, type FrameSize } from '@sora-world/sdk/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chunkNoise } from '../sampler/noise.ts'
import { modelDims } from './denoiser.ts'
import type { ActInput, Readers } from './readers.ts'

/** What every Readers with captioner and policy does. Run over the fake and over those of a package. */
export function describeReaders(name: string, open: () => Promise<Readers>): void {
  describe(name, () => {
    let readers: Readers
    let size: FrameSize
    beforeAll(async () => {
      readers = await open()
      size = readers.manifest.sizes[0]!
    })
    afterAll(() => readers?.release())

    it('describes one chunk and many at every size, the same each time', async () => {
      expect(readers.canDescribe).toBe(true)
      for (const each of readers.manifest.sizes) {
        for (const count of [1, 12]) {
          const { latents } = past(readers, each, count)
          const said = await readers.describe(latents, each)
          expect(said).toMatch(/^[a-z0-9]+( [a-z0-9]+)*$/)
          expect(await readers.describe(latents, each)).toBe(said)
        }
      }
    })

    it('acts at every size within the action space', async () => {
      expect(readers.canAct).toBe(true)
      const { actionSpace, frames, sizes } = readers.manifest
      for (const each of sizes) {
        const actions = await readers.act(past(readers, each, 12))
        expect(actions).toHaveLength(frames.perChunk * actionWidth(actionSpace))
        expect(actions.every((value) => Math.abs(value) <= 1)).toBe(true)
        const isButton = (i: number) => i % actionWidth(actionSpace) < actionSpace.buttons.length
        expect(actions.every((value, i) => !isButton(i) || value === 0 || value === 1)).toBe(true)
      }
    })

    it('acts the same for the same seed and chunk, and otherwise for others', async () => {
      const input = past(readers, size, 3)
      const many = (change: (chunkIndex: number) => Partial<ActInput>) =>
        Promise.all(Array.from({ length: 16 }, (_, chunkIndex) => readers.act({ ...input, ...change(chunkIndex) })))
      const first = await many((chunkIndex) => ({ chunkIndex }))
      expect(await many((chunkIndex) => ({ chunkIndex }))).toEqual(first)
      expect(await many((chunkIndex) => ({ chunkIndex, rngSeed: 99 }))).not.toEqual(first)
      expect(new Set(first.map((actions) => actions.join())).size).toBeGreaterThan(1)
    })

    it('refuses chunks that do not fit by name', async () => {
      const input = past(readers, size, 2)
      await expect(readers.describe([], size)).rejects.toMatchObject({ code: 'internal' })
      await expect(readers.describe([new Float32Array(3)], size)).rejects.toThrow(/latent of a chunk has 3 numbers/)
      await expect(readers.act({ ...input, actions: [] })).rejects.toThrow(/0 chunks of actions for 2/)
      const actions = input.actions.map((chunk) => chunk.subarray(1))
      await expect(readers.act({ ...input, actions })).rejects.toThrow(/actions of a chunk/)
    })
  })
}

/** Plausible chunks, `count` of them. */
function past({ manifest }: Readers, size: FrameSize, count: number): ActInput {
  const { latentLength, framesPerChunk, actionWidth } = modelDims(manifest, size)
  const chunks = Array.from({ length: count }, (_, t) => t)
  return {
    size,
    latents: chunks.map((t) => chunkNoise(1, t, 'initial', latentLength)),
    actions: chunks.map(() => new Float32Array(framesPerChunk * actionWidth)),
    caption: 'a snowy forest at dusk',
    rngSeed: 5,
    chunkIndex: count,
  }
}
