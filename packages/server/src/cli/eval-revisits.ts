import { join } from 'node:path'
import { SoraError } from '@sora-world/sdk/protocol'
import { findClips, readClipSet, readEditClips } from '../evaluate/clip-set.ts'
import { drawContactSheet } from '../evaluate/contact-sheet.ts'
import { holdOut } from '../evaluate/held-out.ts'
import { drawRevisits } from '../evaluate/revisit-sheet.ts'
import type { WorldModel } from '../model/denoiser.ts'
import { saveFile } from '../studio/save-file.ts'
import { InProcessWorker } from '../worker/in-process-worker.ts'
import type { EvalOptions } from './eval-options.ts'
import { type EvalStreams, FigureProgress } from './eval-progress.ts'

/**
 * Draws places that were looked away from and come back to, with world memory and without, into revisit.png.
 *
 * @throws SoraError `option-invalid` for a model without world memory; `clip-invalid` when no clip comes back
 */
export async function evaluateRevisits(
  model: WorldModel,
  options: EvalOptions,
  { stdout, stderr }: EvalStreams,
  signal: AbortSignal,
): Promise<void> {
  const { manifest } = model
  if (!manifest.memory) throw new SoraError('option-invalid', `model "${manifest.name}" has no world memory to compare`)
  const size = manifest.sizes[0]!
  const folder = findClips(manifest.name, options.clips)
  const clips = [...(await readClipSet(folder, manifest, options.count)).clips]
  clips.push(...(await readEditClips(folder, manifest, options.edits)))
  const progress = new FigureProgress(stderr)
  const heldOut = []
  for (const clip of clips) {
    signal.throwIfAborted()
    heldOut.push(await holdOut(model, clip, size))
  }
  const steps = options.steps ?? manifest.denoiser.steps.default
  const onProgress = (done: number, total: number) => progress.update('look away and back', done, total)
  const setting = { model, worker: new InProcessWorker(model), size, steps, signal }
  const rows = await drawRevisits({ ...setting, heldOut, judges: undefined, onProgress })
  progress.end()
  if (rows.length === 0) throw new SoraError('clip-invalid', `no clip of ${folder} looks away and comes back`)
  const file = join(options.out, 'revisit.png')
  await saveFile(file, await drawContactSheet(rows, size))
  stdout.write(`${file}: seen before, turned away, true again, generated with memory, without\n`)
}
