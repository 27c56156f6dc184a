import { SoraError } from '@sora-world/sdk/protocol'
import type { WorldModel } from '../model/denoiser.ts'
import { InProcessWorker } from '../worker/in-process-worker.ts'
import { checkWorld } from './check-world.ts'
import { hashLatent } from './hash-latent.ts'
import { valueAt } from './log-keeper.ts'
import type { WorldValue } from './world-value.ts'

/** One chunk that was made again. */
export interface ReplayedChunk {
  index: number
  isEqual: boolean
  /** Made by the same provider and variant, alone in its batch: must be equal. Of others it may be hoped. */
  mustBeEqual: boolean
}

export interface ReplayReport {
  chunks: number
  equal: number
  /** First chunk that is not as recorded; -1 when all are. */
  firstDifference: number
  /** Chunks from the start that had to be equal: made by this provider and variant, and none in a shared batch before. */
  provable: number
  provider: string
  variant: string
}

/**
 * Makes a recorded world again from its start and compares every chunk.
 *
 * A chunk that differs changes all that follow: after the first difference nothing says which of the later ones are at
 * fault. The model stays the caller's.
 *
 * @throws SoraError `world-mismatch` or `world-invalid` as `checkWorld`; `unsupported` for a log that does not reach back to
 *   the start; `signal.reason` when aborted
 */
export async function* replayWorld(
  model: WorldModel,
  value: WorldValue,
  signal?: AbortSignal,
): AsyncGenerator<ReplayedChunk, void> {
  checkWorld(value, model.manifest)
  const { log, size, steps, rngSeed, memory, guard = false } = value
  if (log.first > 0) throw new SoraError('unsupported', `the log begins at chunk ${log.first}, not at the start`)
  const worker = new InProcessWorker(model)
  const id = 'replay'
  await worker.open({ id, size, steps, rngSeed, memory, guard })
  const width = log.actions.length / Math.max(1, log.hashes.length)
  for (let index = 0; index < log.hashes.length; index++) {
    const actions = log.actions.slice(index * width, (index + 1) * width)
    const job = { rolloutId: id, index, actions, caption: valueAt(log.captions, index) }
    const [made] = await worker.generate([job], signal)
    const maker = valueAt(log.makers, index)
    const isSameMaker = maker.provider === model.provider && maker.variant === model.variant
    const isEqual = hashLatent(made!.latent) === log.hashes[index]
    yield { index, isEqual, mustBeEqual: isSameMaker && log.batches[index] === 1 }
  }
}

/** Counts what {@link replayWorld} finds. */
export class ReplayCounter {
  readonly #report: ReplayReport

  constructor({ provider, variant }: Pick<WorldModel, 'provider' | 'variant'>) {
    this.#report = { chunks: 0, equal: 0, firstDifference: -1, provable: 0, provider, variant }
  }

  add({ index, isEqual, mustBeEqual }: ReplayedChunk): void {
    const report = this.#report
    report.chunks++
    if (isEqual) report.equal++
    else if (report.firstDifference < 0) report.firstDifference = index
    // What follows a shared batch rests on its numbers.
    if (mustBeEqual && report.provable === index) report.provable++
  }

  report(): Readonly<ReplayReport> {
    return this.#report
  }
}
