import { actionWidth } from '@sora-world/sdk/protocol'
import type { ModelWorker, RolloutSpec } from '../worker/model-worker.ts'

const ID = 'measure'
const CAPTION = 'a grassy plain'
/** The first chunk of a rollout pays for caption and buffers; it is made but not counted. */
const MEASURED_CHUNKS = 4

/**
 * Milliseconds of some chunks in a row, made before anybody plays: they warm the worker up and tell admission how many
 * rooms fit.
 */
export async function measureWorker(
  worker: ModelWorker,
  settings: Pick<RolloutSpec, 'steps' | 'memory'>,
): Promise<number[]> {
  const { manifest } = worker
  const actions = new Float32Array(manifest.frames.perChunk * actionWidth(manifest.actionSpace))
  await worker.open({ id: ID, size: manifest.sizes[0]!, rngSeed: 1, ...settings })
  const took: number[] = []
  for (let index = 0; index <= MEASURED_CHUNKS; index++) {
    const startedAt = performance.now()
    await worker.generate([{ rolloutId: ID, index, actions, caption: CAPTION }])
    if (index > 0) took.push(performance.now() - startedAt)
  }
  worker.close(ID)
  return took
}
