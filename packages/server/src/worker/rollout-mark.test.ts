import { encodeAction } from '@sora-world/sdk/protocol'
import { expect, it } from 'vitest'
import { modelDims } from '../model/denoiser.ts'
import { FakeModel } from '../model/fake-model.ts'
import { InProcessWorker } from './in-process-worker.ts'
import {
  type ChunkJob,
  type ChunkResult,
  type CommittedChunk,
  MARK_CHUNKS,
  type RolloutMark,
  type RolloutSpec,
} from './model-worker.ts'

const model = () => new FakeModel({ memory: true })
const { manifest } = model()
const spec: RolloutSpec = { id: 'r', size: manifest.sizes[0]!, rngSeed: 5, steps: 1 }
const dims = modelDims(manifest, spec.size)
const reach = dims.contextChunks * dims.layers + 1

/** Turns about and walks: the memory is looked at from many sides. */
function job(index: number): ChunkJob {
  const actions = new Float32Array(dims.framesPerChunk * dims.actionWidth)
  const action = { held: index % 3 === 0 ? ['forward'] : [], axes: { 'camera.yaw': ((index * 7) % 11) - 5 } }
  for (let frame = 0; frame < dims.framesPerChunk; frame++) {
    encodeAction(manifest.actionSpace, action, actions, frame * dims.actionWidth)
  }
  return { rolloutId: 'r', index, actions, caption: index < 40 ? 'a forest' : 'a forest at night' }
}

async function play(worker: InProcessWorker, from: number, to: number): Promise<ChunkResult[]> {
  const results: ChunkResult[] = []
  for (let index = from; index < to; index++) results.push(...(await worker.generate([job(index)])))
  return results
}

const numbersOf = (results: readonly ChunkResult[]) => results.map(({ latent, pose }) => ({ latent, pose }))
const historyOf = (results: readonly ChunkResult[]): CommittedChunk[] =>
  results.map(({ index, latent, pose }) => ({ ...job(index), latent, pose }))

/** A world of its own worker, and what a session would have kept of it. */
async function record(length: number, beyond: number) {
  const worker = new InProcessWorker(model())
  await worker.open(spec)
  const played = await play(worker, 0, length + beyond)
  const marks = new Map(played.flatMap(({ mark }) => (mark ? [[mark.index, mark] as const] : [])))
  return { played: played.slice(0, length), expected: numbersOf(played.slice(length)), marks }
}

async function goOn(history: readonly CommittedChunk[], count: number, mark?: RolloutMark) {
  const worker = new InProcessWorker(model())
  // The mark travels: what the other worker holds must not be what this one reads.
  await worker.open(spec, history, structuredClone(mark))
  const from = history.at(-1)!.index + 1
  return play(worker, from, from + count)
}

it('gives a mark before every 32nd chunk, of a rollout with memory only', async () => {
  const { marks } = await record(2 * MARK_CHUNKS + 1, 0)
  expect([...marks.keys()]).toEqual([MARK_CHUNKS, 2 * MARK_CHUNKS])
  const worker = new InProcessWorker(model())
  await worker.open({ ...spec, memory: false })
  expect((await play(worker, 0, MARK_CHUNKS + 1)).some(({ mark }) => mark)).toBe(false)
})

it('lets a rollout go on with the same numbers, also past further marks', async () => {
  const length = 2 * MARK_CHUNKS + reach - 2
  const { played, expected, marks } = await record(length, MARK_CHUNKS)
  const taken = await goOn(historyOf(played.slice(MARK_CHUNKS)), MARK_CHUNKS, marks.get(MARK_CHUNKS))
  expect(numbersOf(taken)).toEqual(expected)
  // The mark that comes next is the same too: it can be taken up again and again.
  const next = 3 * MARK_CHUNKS
  expect(taken.find(({ mark }) => mark?.index === next)?.mark).toEqual(marks.get(next))
})

it('goes on with the same numbers where somebody stood still, and something was said just then', async () => {
  const still = (index: number): ChunkJob => ({
    ...job(index),
    actions: new Float32Array(dims.framesPerChunk * dims.actionWidth),
    caption: index < MARK_CHUNKS ? 'a forest' : 'a forest. night falls',
  })
  const worker = new InProcessWorker(model())
  await worker.open(spec)
  const played: ChunkResult[] = []
  const until = MARK_CHUNKS + reach
  for (let index = 0; index < until + 2 * MARK_CHUNKS; index++) played.push(...(await worker.generate([still(index)])))
  const { mark } = played[MARK_CHUNKS]!
  const history = played.slice(MARK_CHUNKS, until).map((each) => ({ ...still(each.index), ...each }))
  const again = new InProcessWorker(model())
  await again.open(spec, history, mark)
  for (let index = until; index < played.length; index++) {
    const [made] = await again.generate([still(index)])
    expect(numbersOf([made!])).toEqual(numbersOf([played[index]!]))
    expect(made!.mark).toEqual(played[index]!.mark)
  }
})

it('goes on otherwise without the memory of the mark', async () => {
  const { played, expected, marks } = await record(MARK_CHUNKS + 1, 1)
  const history = historyOf(played.slice(MARK_CHUNKS))
  const mark = marks.get(MARK_CHUNKS)!
  expect(numbersOf(await goOn(history, 1, { ...mark, memory: undefined }))).not.toEqual(expected)
})

it('refuses a history that does not begin at the mark, and a mark of another model', async () => {
  const { played, marks } = await record(MARK_CHUNKS + 2, 0)
  const mark = marks.get(MARK_CHUNKS)!
  await expect(goOn(historyOf(played.slice(MARK_CHUNKS + 1)), 1, mark)).rejects.toMatchObject({
    code: 'message-invalid',
  })
  const history = historyOf(played.slice(MARK_CHUNKS))
  const foreign = { ...mark, decoder: new Float32Array(3) }
  await expect(goOn(history, 1, foreign)).rejects.toMatchObject({ code: 'message-invalid' })
  const cut = { ...mark, memory: mark.memory!.slice(0, 50) }
  await expect(goOn(history, 1, cut)).rejects.toMatchObject({ code: 'memory-invalid' })
})
