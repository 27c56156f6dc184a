import { actionWidth } from '@sora-world/sdk/protocol'
import { modelDims } from '../model/denoiser.ts'
import type { ChunkResult, CommittedChunk, ModelWorker, RolloutSpec } from '../worker/model-worker.ts'
import { type ChunkCost, fewestSteps } from './chunk-cost.ts'
import { percentile } from './percentile.ts'

const ID = 'measure'
/** None: a new caption would be guided to, which takes more passes than most of play does. */
const CAPTION = ''
/** The first chunks pay for buffers and for code that is not compiled yet; they are not counted. */
const UNCOUNTED = 2
/** Fewer say nothing of their spread; more only lengthen the start. */
const LEAST_CHUNKS = 3
const MOST_CHUNKS = 6
const ENOUGH_MS = 500
/** Whatever else the machine does for a moment only lengthens a chunk: of so few samples the quicker ones say more. */
const QUANTILE = 0.25

/**
 * Measures what a chunk of one room costs here, before anybody plays: chunks in a row at the default size with the fewest
 * steps, as the worker makes them in play. They turn around, so that the world memory gets something to draw.
 */
export async function measureChunkCost(worker: ModelWorker, settings: Pick<RolloutSpec, 'memory'>): Promise<ChunkCost> {
  const { manifest } = worker
  const steps = fewestSteps(manifest)
  const actions = turning(worker)
  // As many chunks behind it as a pass looks at: it must neither begin with the many steps of a first view, which would be
  // most of the time, nor with passes that have less to attend to.
  const history = Array.from({ length: manifest.denoiser.contextChunks }, (_, index) =>
    emptyChunk(worker, actions, index),
  )
  const spec = { id: ID, size: manifest.sizes[0]!, rngSeed: 1, steps, guard: false, ...settings }
  await worker.open(spec, history)
  const samplesMs: number[] = []
  const passesMs: number[] = []
  const begunMs = performance.now()
  for (let made = 0; !isEnough(samplesMs.length, performance.now() - begunMs); made++) {
    const startMs = performance.now()
    const index = history.length + made
    const [result] = await worker.generate([{ rolloutId: ID, index, actions, caption: CAPTION }])
    if (made < UNCOUNTED) continue
    samplesMs.push(performance.now() - startMs)
    passesMs.push(passMs(result!, steps))
  }
  worker.close(ID)
  return { steps, samplesMs, chunkMs: percentile(samplesMs, QUANTILE), passMs: percentile(passesMs, QUANTILE) }
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

function emptyChunk({ manifest }: ModelWorker, actions: Float32Array, index: number): CommittedChunk {
  const { latentLength } = modelDims(manifest, manifest.sizes[0]!)
  return { index, latent: new Float32Array(latentLength), actions, caption: CAPTION }
}
