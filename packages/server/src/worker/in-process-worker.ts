import { type ModelManifest, SoraError } from '@sora-world/sdk/protocol'
import { TextEncoder } from '../conditioning/text-encoder.ts'
import type { WorldModel } from '../model/denoiser.ts'
import { batchJobs, makeChunks, prefill } from './make-chunks.ts'
import type { ChunkJob, ChunkResult, CommittedChunk, ModelWorker, RolloutMark, RolloutSpec } from './model-worker.ts'
import { Rollout, type RolloutJob } from './rollout.ts'

const DEFAULT_MAX_BATCH = 8

/**
 * A worker in the process of its caller: what the worker process runs inside, and what studio and tests use directly.
 * Calls run one after the other in the order they came.
 */
export class InProcessWorker implements ModelWorker {
  readonly manifest: ModelManifest
  readonly provider: string
  readonly variant: string
  readonly #model: WorldModel
  readonly #texts: TextEncoder
  readonly #maxBatch: number
  readonly #rollouts = new Map<string, Rollout>()
  #lastCall: Promise<unknown> = Promise.resolve()
  #stopped = false

  /** @param model owned by the worker from now on: `stop` releases it */
  constructor(model: WorldModel, options: { maxBatch?: number } = {}) {
    this.#model = model
    this.#texts = new TextEncoder(model)
    this.#maxBatch = options.maxBatch ?? DEFAULT_MAX_BATCH
    this.manifest = model.manifest
    this.provider = model.provider
    this.variant = model.variant
  }

  open(spec: RolloutSpec, history: readonly CommittedChunk[] = [], mark?: RolloutMark): Promise<void> {
    return this.#inTurn(async () => {
      const rollout = new Rollout(this.manifest, spec)
      await prefill(this.#model, this.#texts, rollout, history, mark)
      this.#rollouts.set(spec.id, rollout)
    })
  }

  /** Opens a rollout that goes on from where another is. @throws SoraError `room-missing` */
  branch(rolloutId: string, id: string): Promise<void> {
    return this.#inTurn(async () => {
      const rollout = this.#rollouts.get(rolloutId)
      if (!rollout) throw new SoraError('room-missing', `no rollout "${rolloutId}" is open in the worker`)
      this.#rollouts.set(id, rollout.clone(id))
    })
  }

  /** @param signal aborts between two denoise steps; rollouts whose batch was not finished stay as they were */
  generate(jobs: readonly ChunkJob[], signal?: AbortSignal): Promise<ChunkResult[]> {
    return this.#inTurn(async () => {
      const checked = this.#checkJobs(jobs)
      const results = new Array<ChunkResult>(jobs.length)
      for (const batch of batchJobs(checked, this.#maxBatch)) {
        const chunks = await makeChunks(
          this.#model,
          this.#texts,
          batch.map((at) => checked[at]!),
          signal,
        )
        batch.forEach((at, i) => {
          results[at] = chunks[i]!
        })
      }
      return results
    })
  }

  close(rolloutId: string): void {
    this.#rollouts.delete(rolloutId)
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    await this.#lastCall
    this.#rollouts.clear()
    await this.#model.release()
  }

  /** All jobs are checked before any runs: a wrong one changes nothing. */
  #checkJobs(jobs: readonly ChunkJob[]): RolloutJob[] {
    const seen = new Set<string>()
    return jobs.map((job) => {
      const rollout = this.#rollouts.get(job.rolloutId)
      if (!rollout) throw new SoraError('room-missing', `no rollout "${job.rolloutId}" is open in the worker`)
      if (seen.has(job.rolloutId)) throw new SoraError('message-invalid', `two jobs for rollout "${job.rolloutId}"`)
      seen.add(job.rolloutId)
      rollout.checkJob(job)
      return { rollout, job }
    })
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    if (this.#stopped) return Promise.reject(new SoraError('aborted', 'the worker was stopped'))
    const result = this.#lastCall.then(call)
    this.#lastCall = result.catch(() => {})
    return result
  }
}
