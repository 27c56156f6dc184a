import { encodeAction } from '@sora-world/sdk/protocol'
import { expect, it } from 'vitest'
import { memorySettings } from '../memory/memory-settings.ts'
import { WorldMemory } from '../memory/world-memory.ts'
import { modelDims } from '../model/denoiser.ts'
import { FakeModel } from '../model/fake-model.ts'
import { InProcessWorker } from './in-process-worker.ts'
import { type ChunkJob, type ChunkResult, type CommittedChunk, MARK_CHUNKS, type RolloutSpec } from './model-worker.ts'

const { manifest } = new FakeModel({ memory: true })
const spec: RolloutSpec = { id: 'r', size: manifest.sizes[0]!, rngSeed: 5, steps: 1 }
const dims = modelDims(manifest, spec.size)
const HISTORY = dims.contextChunks * dims.layers + 1

/** What is done depends on how far it is from `start` alone. */
function job(start: number, index: number): ChunkJob {
  const actions = new Float32Array(dims.framesPerChunk * dims.actionWidth)
  const step = index - start
  const action = { held: step % 3 === 0 ? ['forward'] : [], axes: { 'camera.yaw': ((step * 7) % 11) - 5 } }
  for (let frame = 0; frame < dims.framesPerChunk; frame++) {
    encodeAction(manifest.actionSpace, action, actions, frame * dims.actionWidth)
  }
  return { rolloutId: 'r', index, actions, caption: 'a forest' }
}

/** Takes a world up at chunk `start` and plays past two marks. */
async function playFrom(start: number): Promise<ChunkResult[]> {
  const worker = new InProcessWorker(new FakeModel({ memory: true }))
  const memory = new WorldMemory(memorySettings(manifest, spec.size)!).serialise()
  const latent = new Float32Array(dims.latentLength).fill(0.5)
  const history = Array.from({ length: HISTORY }, (_, i): CommittedChunk => ({ ...job(start, start + i), latent }))
  await worker.open(spec, history, { index: start, memory })
  const results: ChunkResult[] = []
  for (let index = start + HISTORY; index < start + 2 * MARK_CHUNKS + 4; index++) {
    results.push(...(await worker.generate([job(start, index)])))
  }
  return results
}

it.each([
  ['after a month', 2 ** 24],
  ['after thirteen years', 2 ** 31 - 2 ** 10],
])('a rollout is %s what it was on the first day', { timeout: 60_000 }, async (_, start) => {
  // The model tells chunks apart by their index mod 1024.
  const [young, old] = [await playFrom(1024), await playFrom(start)]
  expect(old.map(({ latent, pose }) => ({ latent, pose }))).toEqual(young.map(({ latent, pose }) => ({ latent, pose })))
  const marksOf = (results: readonly ChunkResult[], first: number) =>
    results.flatMap(({ mark }) => (mark ? [mark.index - first] : []))
  expect(marksOf(old, start)).toEqual([MARK_CHUNKS, 2 * MARK_CHUNKS])
  expect(marksOf(young, 1024)).toEqual([MARK_CHUNKS, 2 * MARK_CHUNKS])
})
