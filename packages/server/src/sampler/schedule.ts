import { type ModelManifest, SoraError } from '@sora-world/sdk/protocol'

/** Sigmas from `start` (1 = pure noise) down to 0 in `steps` equal steps: steps + 1 numbers. */
export function sigmaSchedule(steps: number, start = 1): number[] {
  return Array.from({ length: steps + 1 }, (_, i) => start * (1 - i / steps))
}

/**
 * The `step_size` input for a step of `length` in sigma: the nearest power of two the model was trained with, from 1
 * down to 1 / maxSteps. Steps of play are exact powers; only a chunk that starts half noisy (an edit) is rounded.
 */
export function trainedStepSize(length: number, maxSteps: number): number {
  const exponent = Math.round(Math.log2(length))
  return Math.min(1, Math.max(1 / maxSteps, 2 ** exponent))
}

/** @throws SoraError `option-invalid` when the model was not trained for this number of denoise steps */
export function checkSteps(manifest: ModelManifest, steps: number): void {
  const { allowed } = manifest.denoiser.steps
  if (!allowed.includes(steps)) {
    throw new SoraError(
      'option-invalid',
      `${steps} denoise steps; model "${manifest.name}" allows ${allowed.join(', ')}`,
    )
  }
}
