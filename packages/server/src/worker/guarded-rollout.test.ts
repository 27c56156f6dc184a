import { encodeAction } from '@sora-world/sdk/protocol'
import { describe, expect, it } from 'vitest'
import { InProcessWorker } from './in-process-worker.ts'
import { MeltingModel } from './melting-model.ts'
import { type ChunkJob, type ChunkResult, type CommittedChunk, MARK_CHUNKS, type RolloutSpec } from './model-worker.ts'

const { manifest } = new MeltingModel()
const spec: RolloutSpec = { id: 'r', size: manifest.sizes[0]!, rngSeed: 5, steps: 1 }
/** The model breaks down with this chunk. Until then the player looks about, and stays. */
const MELTS_AT = 40

function job(index: number): ChunkJob {
  const width = manifest.actionSpace.buttons.length + manifest.actionSpace.axes.length
  const actions = new Float32Array(manifest.frames.perChunk * width)
  const held = index === MELTS_AT ? ['drop'] : [index % 2 === 0 ? 'forward' : 'back']
  for (let frame = 0; frame < manifest.frames.perChunk; frame++) {
    encodeAction(manifest.actionSpace, { held, axes: { 'camera.yaw': 0.25 } }, actions, frame * width)
  }
  return { rolloutId: 'r', index, actions, caption: 'a forest' }
}

async function play(worker: InProcessWorker, from: number, to: number): Promise<ChunkResult[]> {
  const results: ChunkResult[] = []
  for (let index = from; index < to; index++) results.push(...(await worker.generate([job(index)])))
  return results
}

/** Once for all that only look at it. */
const whole = record(4 * MARK_CHUNKS)

async function record(to: number, options: Partial<RolloutSpec> = {}): Promise<ChunkResult[]> {
  const worker = new InProcessWorker(new MeltingModel())
  await worker.open({ ...spec, ...options })
  return play(worker, 0, to)
}

const isMolten = ({ latent }: ChunkResult) => latent.every((value) => value === 0)
const recoveriesOf = (results: readonly ChunkResult[]) =>
  results.filter(({ isRecovery }) => isRecovery).map(({ index }) => index)
const historyOf = (results: readonly ChunkResult[]): CommittedChunk[] =>
  results.map(({ index, latent, pose }) => ({ ...job(index), latent, pose }))

describe('a rollout that breaks down', { timeout: 120_000 }, () => {
  it('is started anew from its memory within six seconds, and stays well', async () => {
    const played = await whole
    const [recovery] = recoveriesOf(played)
    expect(recoveriesOf(played)).toHaveLength(1)
    expect(recovery).toBeLessThan(MELTS_AT + 30)
    expect(played.filter(isMolten).map(({ index }) => index)).toEqual(
      Array.from({ length: recovery! - MELTS_AT }, (_, i) => MELTS_AT + i),
    )
  })

  it('goes on as it is without the guard, and without a memory to go on from', async () => {
    for (const options of [{ guard: false }, { memory: false }]) {
      const played = await record(80, options)
      expect(recoveriesOf(played)).toEqual([])
      expect(played.slice(MELTS_AT).every(isMolten)).toBe(true)
    }
  })

  it('takes more steps for the first view after it, as for the first of a world', async () => {
    const model = new MeltingModel()
    Object.assign(model.manifest.denoiser.steps, { first: 4 })
    let passes = 0
    const denoise = model.denoise.bind(model)
    model.denoise = (input) => {
      passes++
      return denoise(input)
    }
    const worker = new InProcessWorker(model)
    await worker.open(spec)
    for (let index = 0; index < 80; index++) {
      passes = 0
      const [result] = await worker.generate([job(index)])
      expect(passes, `chunk ${index}`).toBe(index === 0 || result!.isRecovery ? 4 + 1 : 1 + 1)
    }
  })

  it('remembers the place from before, not what it had become', async () => {
    const images: Float32Array[] = []
    const model = new MeltingModel()
    const denoise = model.denoise.bind(model)
    model.denoise = (input) => {
      images.push(input.memory!.slice())
      return denoise(input)
    }
    const worker = new InProcessWorker(model)
    await worker.open(spec)
    const played = await play(worker, 0, 80)
    const [recovery] = recoveriesOf(played)
    // Two passes for each chunk. Known points of other than the grey (0.004) of what melted.
    const shown = images[recovery! * 2]!
    const pixels = shown.length / (6 * manifest.frames.perChunk)
    const known = Array.from({ length: pixels }, (_, i) => i).filter((i) => shown[3 * pixels + i]! > 0)
    expect(known.length).toBeGreaterThan(0)
    const grey = known.filter((i) => [0, 1, 2].every((k) => Math.abs(shown[k * pixels + i]!) < 0.02))
    expect(grey.length / known.length).toBeLessThan(0.5)
  })

  it('is played again with the same numbers, and recovers alone in a batch', async () => {
    const [first, second] = [(await whole).slice(0, 80), await record(80)]
    expect(second.map(({ latent }) => latent)).toEqual(first.map(({ latent }) => latent))
    expect(recoveriesOf(second)).toEqual(recoveriesOf(first))
    const worker = new InProcessWorker(new MeltingModel())
    for (const id of ['r', 'other']) await worker.open({ ...spec, id })
    const recovered: string[] = []
    for (let index = 0; index < 80; index++) {
      const results = await worker.generate([job(index), { ...job(index), ...calm(index), rolloutId: 'other' }])
      results.forEach(({ isRecovery }, i) => {
        if (isRecovery) recovered.push(['r', 'other'][i]!)
      })
    }
    expect(recovered).toEqual(['r'])
  })

  it.each([
    ['while it is breaking down', MELTS_AT + 12],
    ['just before it is started anew', 0],
    ['just after that', 2],
    ['past the next mark', 3 * MARK_CHUNKS],
  ])('is taken up with the same numbers %s', async (_, at) => {
    const played = await whole
    const [recovery] = recoveriesOf(played)
    const from = at > 2 ? at : recovery! + at
    const marks = played.flatMap(({ mark }) => (mark && mark.index <= from - 9 ? [mark] : []))
    const mark = structuredClone(marks.at(-1)!)
    const worker = new InProcessWorker(new MeltingModel())
    await worker.open(spec, historyOf(played.slice(mark.index, from)), mark)
    const taken = await play(worker, from, 4 * MARK_CHUNKS)
    expect(taken.map(({ latent, pose }) => ({ latent, pose }))).toEqual(
      played.slice(from).map(({ latent, pose }) => ({ latent, pose })),
    )
    expect(recoveriesOf(taken)).toEqual(recovery! >= from ? [recovery] : [])
  })
})

/** What does not make the model melt. */
function calm(index: number): Pick<ChunkJob, 'actions'> {
  return { actions: job(index === MELTS_AT ? 0 : index).actions }
}
