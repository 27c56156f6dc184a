import { actionWidth, chunkDurationMs, type ModelManifest, SoraError, toSoraError } from '@sora-world/sdk/protocol'
import { affordableSteps, type ChunkCost } from '../scheduler/chunk-cost.ts'
import { measureChunkCost } from '../scheduler/measure-chunk-cost.ts'
import { percentile } from '../scheduler/percentile.ts'
import type { ModelWorker } from '../worker/model-worker.ts'
import { ProcessWorker } from '../worker/process-worker.ts'

export interface Pace {
  variant: string
  /** Denoise steps of a chunk: those that a server would choose here. */
  steps: number
  /** Median time of one chunk, decoding included. */
  chunkMs: number
  framesPerSecond: number
  /** World time by the time that it takes. */
  realtimeFactor: number
}

export interface Measured {
  manifest: ModelManifest
  /** By which a server chooses steps and model. */
  cost: ChunkCost
  pace: Pace
}

/** What became of a provider: how fast it is, or why it does not start. */
export type Attempt = { provider: string } & (Measured | { problem: string })

const START_TIMEOUT_MS = 60_000
/** The first chunks of a rollout fill its context window and are quicker than those that follow. */
const WARM_UP_CHUNKS = 2
const LEAST_CHUNKS = 8
const LONGEST_REASON = 200

/**
 * Starts a provider for good, in a process of its own: some end the process instead of telling what is wrong.
 *
 * @param seconds how long to measure
 */
export async function tryProvider(model: string | undefined, provider: string, seconds: number): Promise<Attempt> {
  try {
    const worker = await inTime(ProcessWorker.start({ model, provider: model === 'fake' ? undefined : provider }))
    try {
      const { manifest } = worker
      const cost = await measureChunkCost(worker, {})
      const pace = await measurePace(worker, seconds, affordableSteps(manifest, cost))
      return { provider, manifest, cost, pace }
    } finally {
      await worker.stop()
    }
  } catch (error) {
    return { provider, problem: reasonOf(toSoraError(error).message) }
  }
}

/** Makes chunks of one world for so many seconds, at least a few. */
export async function measurePace(worker: ModelWorker, seconds: number, steps: number): Promise<Pace> {
  const { manifest, variant } = worker
  const { frames, sizes, actionSpace } = manifest
  await worker.open({ id: 'doctor', size: sizes[0]!, rngSeed: 1, steps })
  const actions = new Float32Array(frames.perChunk * actionWidth(actionSpace))
  const times: number[] = []
  const startMs = performance.now()
  for (let index = 0; times.length < LEAST_CHUNKS || performance.now() - startMs < 1000 * seconds; index++) {
    const chunkStartMs = performance.now()
    const job = { rolloutId: 'doctor', index, actions, caption: 'a grassy plain', wantsFrames: true }
    await worker.generate([job])
    if (index >= WARM_UP_CHUNKS) times.push(performance.now() - chunkStartMs)
  }
  const chunkMs = percentile(times, 0.5)
  return {
    variant,
    steps,
    chunkMs: round(chunkMs, 1),
    framesPerSecond: round((1000 * frames.perChunk) / chunkMs, 1),
    // Finer, so that a model a little too slow is not rounded into real time.
    realtimeFactor: round(chunkDurationMs(manifest) / chunkMs, 2),
  }
}

/** Of `no execution provider could run the model (cuda: no library)` the reason, without what the provider's sources say. */
function reasonOf(message: string): string {
  const [line] = message.split('\n', 1)
  const inner = /\(\w+: (.+)\)$/.exec(line!)?.[1] ?? line!
  const sentence = inner.slice(inner.lastIndexOf(' was false. ') + 1).replace(/^was false\. /, '')
  return sentence.length <= LONGEST_REASON ? sentence : `${sentence.slice(0, LONGEST_REASON)} ...`
}

/** A start that never ends is given up; what comes of it later is stopped. */
async function inTime(starting: Promise<ProcessWorker>): Promise<ProcessWorker> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const words = `it did not start within ${START_TIMEOUT_MS / 1000} s`
    timer = setTimeout(() => {
      starting.then((worker) => worker.stop()).catch(() => {})
      reject(new SoraError('timeout', words))
    }, START_TIMEOUT_MS)
  })
  try {
    return await Promise.race([starting, late])
  } finally {
    clearTimeout(timer)
  }
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals))
}
