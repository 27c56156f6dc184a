import { chunkDurationMs, type ModelManifest } from '@sora-world/sdk/protocol'

/** What a chunk of one room costs on this machine, as `measureChunkCost` found it. */
export interface ChunkCost {
  /** Denoise steps it was measured with: the fewest that the model allows. */
  steps: number
  /** Milliseconds of each measured chunk, server-side decoding and memory views included. */
  samplesMs: readonly number[]
  /** What a chunk takes when nothing comes between: their lower quartile. */
  chunkMs: number
  /** The same of a denoiser pass, which is what one more step costs. */
  passMs: number
  /** The same of a guided step, for a model that is guided in all of play: it takes the place of two steps. */
  guidedMs?: number
}

/**
 * Share of a chunk's duration that a step count may take to be the default: the rest is for memories that fill, pictures
 * that are encoded, and whatever else the machine does.
 */
const COMFORTABLE_SHARE = 0.75
/** A model that takes more than this share with the fewest steps falls behind sooner or later. */
const REAL_TIME_SHARE = 0.95

export function fewestSteps({ denoiser }: ModelManifest): number {
  return Math.min(...denoiser.steps.allowed)
}

/** Milliseconds that a chunk with so many denoise steps will take. */
export function estimateChunkMs({ chunkMs, passMs, guidedMs, steps: measured }: ChunkCost, steps: number): number {
  const withoutSteps = chunkMs - measured * passMs
  const isGuided = guidedMs !== undefined && steps > 1
  return withoutSteps + (isGuided ? Math.ceil(steps / 2) * guidedMs : steps * passMs)
}

/**
 * The default step count for this machine: the largest allowed one, up to the model's own default, that leaves a quarter of
 * the chunk's duration free; the smallest when none does.
 */
export function affordableSteps(manifest: ModelManifest, cost: ChunkCost): number {
  const { allowed, default: wanted } = manifest.denoiser.steps
  const limitMs = COMFORTABLE_SHARE * chunkDurationMs(manifest)
  const affordable = allowed.filter((steps) => steps <= wanted && estimateChunkMs(cost, steps) <= limitMs)
  return affordable.length > 0 ? Math.max(...affordable) : fewestSteps(manifest)
}

/** Whether the model can be played in real time here, be it with the fewest steps. */
export function keepsUp(manifest: ModelManifest, cost: ChunkCost): boolean {
  return estimateChunkMs(cost, fewestSteps(manifest)) <= REAL_TIME_SHARE * chunkDurationMs(manifest)
}

/** One sentence with the figures: why `next` is played, and how to have the model all the same. */
export function whyPassedOver(manifest: ModelManifest, cost: ChunkCost, next: string): string {
  const { name } = manifest
  const steps = fewestSteps(manifest)
  const figures = `with ${inSteps(steps)} a chunk of ${chunkDurationMs(manifest)} ms takes about ${Math.round(estimateChunkMs(cost, steps))} ms`
  return `${name} is too slow for real time here (${figures}): ${next} is played instead; "--model ${name}" insists`
}

/** `1 step`, `2 steps` */
export function inSteps(steps: number): string {
  return steps === 1 ? '1 step' : `${steps} steps`
}
