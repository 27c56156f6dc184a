import { basename } from 'node:path'
import { findModelPackage, shippedPackages } from '../model/find-package.ts'
import { type ChunkCost, keepsUp, whyPassedOver } from '../scheduler/chunk-cost.ts'
import { measureChunkCost } from '../scheduler/measure-chunk-cost.ts'
import { ProcessWorker, type ProcessWorkerOptions } from '../worker/process-worker.ts'

export interface StartedWorker {
  worker: ProcessWorker
  /** Folder of the package that it runs; undefined for the model without files. */
  modelDir: string | undefined
  cost: ChunkCost
}

interface Settings extends Omit<ProcessWorkerOptions, 'model'> {
  /** Whether a model with world memory uses it, which is part of what a chunk costs. */
  memory?: boolean
  /** Takes a line for each model that is too slow for this machine. */
  log(line: string): void
}

export interface StartWorkerOptions extends Settings {
  /** Folder or name of a package, or `fake`; undefined: the best of those that ship which keeps up with real time here. */
  modelDir?: string
}

/**
 * Starts a worker process and measures what a chunk costs in it. A model that was named is never replaced; of those that
 * ship, the last one is taken however slow it is.
 *
 * @throws SoraError as {@link ProcessWorker.start}; nothing is left running then
 */
export async function startWorker({ modelDir, ...options }: StartWorkerOptions): Promise<StartedWorker> {
  if (modelDir === undefined) return startFirstFitting(shippedPackages(), options)
  return startMeasured(modelDir === 'fake' ? modelDir : findModelPackage(modelDir), options)
}

/** @param candidates folders of packages, at least one, best first */
export async function startFirstFitting(candidates: readonly string[], options: Settings): Promise<StartedWorker> {
  const [model, ...simpler] = candidates
  const started = await startMeasured(model!, options)
  const [next] = simpler
  if (next === undefined || (await fits(started, options))) return started
  const { worker, cost } = started
  options.log(whyPassedOver(worker.manifest, cost, basename(next)))
  await worker.stop()
  return startFirstFitting(simpler, options)
}

async function startMeasured(model: string, { memory, log: _, ...options }: Settings): Promise<StartedWorker> {
  const worker = await ProcessWorker.start({ ...options, model })
  try {
    return { worker, modelDir: model === 'fake' ? undefined : model, cost: await measureChunkCost(worker, { memory }) }
  } catch (thrown) {
    await worker.stop()
    throw thrown
  }
}

/** A machine that is busy for a moment looks too slow: only what is too slow twice is. */
async function fits({ worker, cost }: StartedWorker, { memory }: Settings): Promise<boolean> {
  if (keepsUp(worker.manifest, cost)) return true
  return keepsUp(worker.manifest, await measureChunkCost(worker, { memory }))
}
