import { SoraError } from '@sora-world/sdk/protocol'
import { fakeManifest } from '../../packages/server/src/model/fake-manifest.ts'
import type {
  ChunkJob,
  ChunkResult,
  CommittedChunk,
  ModelWorker,
  RolloutSpec,
} from '../../packages/server/src/worker/model-worker.ts'

interface Rollout {
  spec: RolloutSpec
  /** History that it was opened with. */
  history: readonly CommittedChunk[]
}

/** A worker without a model, that writes down what it is asked and dies when told to. */
export class StandInWorker implements ModelWorker {
  readonly manifest = fakeManifest()
  readonly provider = 'stand-in'
  readonly variant = 'none'
  readonly rollouts = new Map<string, Rollout>()
  readonly jobs: ChunkJob[] = []
  /** Milliseconds that a call takes. */
  callMs = 5
  isStopped = false
  /** The process does not come back. */
  isDead = false
  #rejectCalls: ((error: SoraError) => void)[] = []

  async open(spec: RolloutSpec, history: readonly CommittedChunk[] = []): Promise<void> {
    if (this.isDead) throw new SoraError('worker-crashed', 'the model process died again and again')
    this.rollouts.set(spec.id, { spec, history })
  }

  async generate(jobs: readonly ChunkJob[]): Promise<ChunkResult[]> {
    this.jobs.push(...jobs)
    await new Promise<void>((resolve, reject) => {
      this.#rejectCalls.push(reject)
      setTimeout(resolve, this.callMs)
    })
    this.#rejectCalls = []
    return jobs.map((job) => this.#result(job))
  }

  close(rolloutId: string): void {
    this.rollouts.delete(rolloutId)
  }

  async stop(): Promise<void> {
    this.isStopped = true
  }

  /** As a killed process: calls under way reject, rollouts are gone. */
  crash(): void {
    this.rollouts.clear()
    const calls = this.#rejectCalls
    this.#rejectCalls = []
    for (const reject of calls) reject(new SoraError('worker-crashed', 'the model process died'))
  }

  #result(job: ChunkJob): ChunkResult {
    const rollout = this.rollouts.get(job.rolloutId)
    if (!rollout) throw new SoraError('room-missing', `no rollout ${job.rolloutId}`)
    const { size } = rollout.spec
    const latent = new Float32Array(this.manifest.latent.channels * size.latentWidth * size.latentHeight)
    latent.fill((job.index % 100) / 50)
    const frames = this.manifest.frames.perChunk
    return {
      index: job.index,
      latent,
      pose: new Float32Array(frames * (this.manifest.pose?.fields.length ?? 0)),
      images: job.images && Array.from({ length: frames }, () => Uint8Array.of(1, 2, 3)),
      timings: { denoiseMs: this.callMs, commitMs: 0, decodeMs: 0, memoryMs: 0 },
    }
  }
}
