import { actionWidth } from '@sora-world/sdk/protocol'
import { modelDims } from '../model/denoiser.ts'
import type { ChunkResult, CommittedChunk, ModelWorker, RolloutSpec } from '../worker/model-worker.ts'
import { type ChunkCost, fewestSteps } from './chunk-cost.ts'
import { percentile } from './percentile.ts'

const ID = 'measure'
/** The first chunks pay for buffers and for code that is not compiled yet; they are not counted. */
const UNCOUNTED = 2
/** Fewer say nothing of their spread; more only lengthen the start. */
const LEAST_CHUNKS = 3
const MOST_CHUNKS = 6
const ENOUGH_MS = 500
/** Whatever else the machine does for a moment only lengthens a chunk: of so few samples the quicker ones say more. */
const QUANTILE = 0.25

type Settings = Pick<RolloutSpec, 'memory'>

interface Sample {
  ms: number
  result: ChunkResult
}

/**
 * Measures what a chunk of one room costs here, before anybody plays: chunks in a row at the default size with the fewest
 * steps, as the worker makes them in play; and what a guided step takes, where most of play is guided.
 */
export async function measureChunkCost(worker: ModelWorker, settings: Settings): Promise<ChunkCost> {
  const steps = fewestSteps(worker.manifest)
  // Without a caption nothing is guided.
  const samples = await makeChunks(worker, { ...settings, steps }, '')
  const samplesMs = samples.map(({ ms }) => ms)
  const passesMs = samples.map(({ result }) => passMs(result, steps))
  return {
    steps,
    samplesMs,
    chunkMs: percentile(samplesMs, QUANTILE),
    passMs: percentile(passesMs, QUANTILE),
    guidedMs: await measureGuidedStep(worker, settings),
  }
}

/** Undefined for a model that is guided now and then only. */
async function measureGuidedStep(worker: ModelWorker, settings: Settings): Promise<number | undefined> {
  const { guidance, steps } = worker.manifest.denoiser
  if (guidance?.later === undefined || !steps.allowed.includes(2)) return undefined
  const samples = await makeChunks(worker, { ...settings, steps: 2 }, 'a world')
  return percentile(
    samples.map(({ result }) => result.timings.denoiseMs),
    QUANTILE,
  )
}

/** Chunks in a row; they turn around, so that the world memory gets something to draw. */
async function makeChunks(
  worker: ModelWorker,
  settings: Settings & Pick<RolloutSpec, 'steps'>,
  caption: string,
): Promise<Sample[]> {
  const { manifest } = worker
  const actions = turning(worker)
  // As many chunks behind it as a pass looks at: it must neither begin with the many steps of a first view, which would be
  // most of the time, nor with passes that have less to attend to.
  const history = Array.from({ length: manifest.denoiser.contextChunks }, (_, index) => ({
    ...emptyChunk(worker, actions, index),
    caption,
  }))
  await worker.open({ id: ID, size: manifest.sizes[0]!, rngSeed: 1, guard: false, ...settings }, history)
  const samples: Sample[] = []
  const begunMs = performance.now()
  for (let made = 0; !isEnough(samples.length, performance.now() - begunMs); made++) {
    const startMs = performance.now()
    const index = history.length + made
    const [result] = await worker.generate([{ rolloutId: ID, index, actions, caption }])
    if (made >= UNCOUNTED) samples.push({ ms: performance.now() - startMs, result: result! })
  }
  worker.close(ID)
  return samples
}

function isEnough(chunks: number, ms: number): boolean {
  return chunks >= MOST_CHUNKS || (chunks >= LEAST_CHUNKS && ms > ENOUGH_MS)
}

/** Denoise steps and commit are passes of the same graph. */
function passMs({ timings }: ChunkResult, steps: number): number {
  return (timings.denoiseMs + timings.commitMs) / (steps + 1)
}

/** [F,A]: the first axis as far as it goes. */
function turning({ manifest: { frames, actionSpace } }: ModelWorker): Float32Array {
  const width = actionWidth(actionSpace)
  const axis = actionSpace.axes.length > 0 ? actionSpace.buttons.length : -1
  return Float32Array.from({ length: frames.perChunk * width }, (_, i) => (i % width === axis ? 1 : 0))
}

function emptyChunk({ manifest }: ModelWorker, actions: Float32Array, index: number): Omit<CommittedChunk, 'caption'> {
  const { latentLength } = modelDims(manifest, manifest.sizes[0]!)
  return { index, latent: new Float32Array(latentLength), actions }
}
