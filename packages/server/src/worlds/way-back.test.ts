import { describe, expect, it } from 'vitest'
import { WorldRun } from '../session/world-run.ts'
import type { ModelWorker } from '../worker/model-worker.ts'
import { FakeRecording } from './fake-recording.ts'
import { KEYFRAME_CHUNKS, KeyframeKeeper } from './keyframe-keeper.ts'
import { type PlannedChunk, valueAt } from './log-keeper.ts'
import type { WorldLog } from './world-value.ts'

describe.each([true, false])('the way back, with world memory: %s', (memory) => {
  it('leads to the same chunks again, from the start, a keyframe and what is kept', async () => {
    const length = KEYFRAME_CHUNKS + 370
    const first = new FakeRecording({ memory })
    await first.play(4)
    first.run.addEvent('night falls')
    await first.play(length - 4)
    const { log } = first.value()
    for (const target of [5, KEYFRAME_CHUNKS + 25, length - 20]) {
      const run = await again(first, target)
      expect(run.value(new Date(0)).log).toEqual({ ...logBefore(log, target), makers: log.makers })
      expect(run.events).toEqual(['night falls'])
      // It has all that the world had: the next chunk is the same too.
      await make(run, first.worker, chunkOf(first.run, target))
      expect(run.value(new Date(0)).log.hashes.at(-1)).toBe(log.hashes[target])
    }
  })
})

/** The world as it was before chunk `target`, made again where it is not kept. */
async function again({ worker, manifest, run: from }: FakeRecording, target: number) {
  const way = from.wayBack(target)!
  const spec = { ...from.spec, id: `again ${target}` }
  const run = new WorldRun(manifest, { index: 1, prompt: from.prompt, spec, maker: from.maker, way })
  expect(run.catchUpTo).toBe(target)
  expect(target - run.nextIndex).toBeLessThan(30)
  await worker.open(run.spec, run.history, structuredClone(run.mark))
  for (let planned = run.planned; planned; planned = run.planned) await make(run, worker, planned)
  expect(run.nextIndex).toBe(target)
  return run
}

async function make(run: WorldRun, worker: ModelWorker, { actions, caption }: PlannedChunk): Promise<void> {
  const job = { rolloutId: run.spec.id, index: run.nextIndex, actions, caption }
  const [result] = await worker.generate([job])
  run.commit(job, result!)
}

function logBefore({ actions, hashes, batches, captions, ...rest }: WorldLog, next: number): WorldLog {
  const width = actions.length / hashes.length
  const parts = {
    actions: actions.slice(0, next * width),
    hashes: hashes.slice(0, next),
    batches: batches.slice(0, next),
  }
  return { ...rest, ...parts, captions: captions.filter(({ chunk }) => chunk < next) }
}

/** What went into one chunk. */
function chunkOf(run: WorldRun, index: number): PlannedChunk {
  const { actions, hashes, captions } = run.value(new Date(0)).log
  const width = actions.length / hashes.length
  return { actions: actions.slice(index * width, (index + 1) * width), caption: valueAt(captions, index) }
}

describe('keyframes', () => {
  const at = (next: number) => ({ next, history: { chunks: [] } })

  it('stay few however long the world is, and reach over all of it', () => {
    const keeper = new KeyframeKeeper()
    for (let next = 0; next < 18_000; next++) if (next >= keeper.dueAt) keeper.add(at(next))
    const kept = keeper.upTo(18_000, 0).map(({ next }) => next)
    expect(kept.length).toBeLessThanOrEqual(16)
    const gaps = kept.map((next, i) => next - (kept[i - 1] ?? 0))
    expect(Math.max(...gaps, 18_000 - kept.at(-1)!)).toBeLessThanOrEqual(1920)
    expect(keeper.upTo(5000, 3000).every(({ next }) => next >= 3000 && next <= 5000)).toBe(true)
  })

  it('go on at their distance in a world that branches off', () => {
    const keeper = new KeyframeKeeper([640, 1280].map(at))
    expect(keeper.dueAt).toBe(1920)
  })
})
