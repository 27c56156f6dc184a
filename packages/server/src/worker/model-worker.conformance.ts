import { encodeAction, type FrameSize } from '@sora-world/sdk/protocol'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { modelDims } from '../model/denoiser.ts'
import { readFakeFrame } from '../model/fake-picture.ts'
import { readFakeLatent } from '../model/fake-world.ts'
import type { ChunkJob, ChunkResult, CommittedChunk, ModelWorker, RolloutSpec } from './model-worker.ts'

/** What every ModelWorker does. `start` gives one with the fake model. */
export function describeModelWorker(name: string, start: () => Promise<ModelWorker>): void {
  describe(name, () => {
    let worker: ModelWorker
    let size: FrameSize
    beforeAll(async () => {
      worker = await start()
      size = worker.manifest.sizes[0]!
    })
    afterAll(() => worker?.stop())

    const spec = (id: string, more: Partial<RolloutSpec> = {}): RolloutSpec => ({
      id,
      size,
      rngSeed: 7,
      steps: 2,
      ...more,
    })

    function job(rolloutId: string, index: number, held: string[] = ['forward'], caption = 'a forest'): ChunkJob {
      const { actionSpace, frames } = worker.manifest
      const width = actionSpace.buttons.length + actionSpace.axes.length
      const actions = new Float32Array(frames.perChunk * width)
      for (let frame = 0; frame < frames.perChunk; frame++) {
        encodeAction(actionSpace, { held, axes: { 'camera.yaw': index } }, actions, frame * width)
      }
      return { rolloutId, index, actions, caption }
    }

    async function run(id: string, from: number, to: number): Promise<{ jobs: ChunkJob[]; results: ChunkResult[] }> {
      const jobs = Array.from({ length: to - from }, (_, i) => job(id, from + i, i % 3 === 0 ? ['forward'] : []))
      const results: ChunkResult[] = []
      for (const each of jobs) results.push(...(await worker.generate([each])))
      return { jobs, results }
    }

    it('says what it runs', () => {
      expect(worker.manifest.name).toBe('fake')
      expect([worker.provider, worker.variant]).toEqual(['fake', 'fake'])
    })

    it('makes chunk after chunk, longer than its context', async () => {
      await worker.open(spec('long'))
      const { results } = await run('long', 0, 10)
      const dims = modelDims(worker.manifest, size)
      const worlds = results.map((result) => readFakeLatent(result.latent, dims, 0, 19))
      expect(worlds.map((world) => world.time)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      expect(results.map((result) => result.index)).toEqual(worlds.map((world) => world.time))
      // Yaw of chunk i is i degrees in each of its 4 frames, on top of the chunk before.
      expect(worlds[3]!.heading).toBeCloseTo(4 * (1 + 2 + 3), 3)
      expect(results[0]!.pose).toHaveLength(4 * 6)
      expect(results[0]!.timings.denoiseMs).toBeGreaterThan(0)
      expect(results[0]!.images).toBeUndefined()
    })

    it('gives the same world again from the same seed and jobs, another from another seed', async () => {
      await worker.open(spec('one'))
      await worker.open(spec('two'))
      await worker.open(spec('three', { rngSeed: 8 }))
      const [one] = (await run('one', 0, 1)).results
      expect((await run('two', 0, 1)).results[0]!.latent).toEqual(one!.latent)
      expect((await run('three', 0, 1)).results[0]!.latent).not.toEqual(one!.latent)
    })

    it('batches rollouts without mixing them up, sizes and steps apart, results in order', async () => {
      const specs = [
        spec('a'),
        spec('b', { size: worker.manifest.sizes[1]! }),
        spec('c', { rngSeed: 9 }),
        spec('d', { steps: 4 }),
      ]
      for (const each of specs) {
        await worker.open(each)
        await worker.open({ ...each, id: `${each.id}-alone` })
      }
      for (let index = 0; index < 6; index++) {
        const held = [['forward'], ['jump'], [], ['left']]
        const together = await worker.generate(specs.map((each, i) => job(each.id, index, held[i], each.id)))
        for (const [i, each] of specs.entries()) {
          const [alone] = await worker.generate([job(`${each.id}-alone`, index, held[i], each.id)])
          expect(together[i]!.latent).toEqual(alone!.latent)
          expect(together[i]!.pose).toEqual(alone!.pose)
        }
      }
    })

    it('goes on from a history as if nothing had happened', async () => {
      await worker.open(spec('first'))
      const { jobs, results } = await run('first', 0, 12)
      const history: CommittedChunk[] = jobs.map((each, i) => ({ ...each, latent: results[i]!.latent }))
      await worker.open(spec('first'), history)
      const again = (await run('first', 12, 13)).results[0]!
      await worker.open(spec('short'), history.slice(3))
      const short = (await run('short', 12, 13)).results[0]!
      expect(short.latent).toEqual(again.latent)
      expect(again.index).toBe(12)
    })

    it('decodes images when asked, also late, for one room of a batch', async () => {
      await worker.open(spec('seen'))
      await worker.open(spec('unseen'))
      await run('seen', 0, 5)
      await run('unseen', 0, 5)
      const images = { type: 'image/webp' as const, quality: 90 }
      const [unseen, seen] = await worker.generate([job('unseen', 5), { ...job('seen', 5, ['use']), images }])
      expect(unseen!.images).toBeUndefined()
      expect(seen!.images).toHaveLength(4)
      const picture = await sharp(seen!.images![0]).removeAlpha().raw().toBuffer({ resolveWithObject: true })
      expect(picture.info).toMatchObject({ width: size.width, height: size.height })
      const world = readFakeFrame(picture.data, 0, modelDims(worker.manifest, size), 19)
      expect(world.time).toBe(5)
      expect(world.buttons.indexOf(true)).toBe(8)
      expect(seen!.timings.decodeMs).toBeGreaterThan(0)
    })

    it('refuses jobs for rollouts that are not open, out of order, twice, or of a wrong shape', async () => {
      await worker.open(spec('strict'))
      const reject = (jobs: ChunkJob[]) => expect(worker.generate(jobs)).rejects
      await reject([job('nobody', 0)]).toMatchObject({ code: 'room-missing' })
      await reject([job('strict', 1)]).toMatchObject({ code: 'message-invalid' })
      await reject([job('strict', 0), job('strict', 0)]).toMatchObject({ code: 'message-invalid' })
      await reject([{ ...job('strict', 0), actions: new Float32Array(3) }]).toMatchObject({ code: 'message-invalid' })
      // Nothing of the above has moved the rollout.
      expect((await worker.generate([job('strict', 0)]))[0]!.index).toBe(0)
      worker.close('strict')
      await reject([job('strict', 1)]).toMatchObject({ code: 'room-missing' })
    })

    it('refuses rollouts that the model cannot do', async () => {
      const odd = { ...size, width: 62 }
      await expect(worker.open(spec('x', { size: odd }))).rejects.toMatchObject({ code: 'option-invalid' })
      await expect(worker.open(spec('x', { steps: 3 }))).rejects.toMatchObject({ code: 'option-invalid' })
    })

    it('answers everything after stop with a clear no', async () => {
      const other = await start()
      await other.open(spec('gone'))
      await other.stop()
      await other.stop()
      await expect(other.generate([job('gone', 0)])).rejects.toMatchObject({ code: 'aborted' })
      await expect(other.open(spec('gone'))).rejects.toMatchObject({ code: 'aborted' })
    })
  })
}
