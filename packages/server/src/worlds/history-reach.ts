import type { ModelManifest } from '@sora-world/sdk/protocol'

/** Chunks that a rollout must be given to go on with exactly the same numbers, see `ModelWorker`. */
export function historyReach({ denoiser }: ModelManifest): number {
  return denoiser.layers * denoiser.contextChunks + 1
}
