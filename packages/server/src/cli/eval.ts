import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type ErrorCode, SoraError, toSoraError } from '@sora-world/sdk/protocol'
import { findClips, readClipSet, readEditClips } from '../evaluate/clip-set.ts'
import { drawContactSheet } from '../evaluate/contact-sheet.ts'
import { evaluateModel, openShippedJudges } from '../evaluate/evaluate.ts'
import { figuresOf, tableOf } from '../evaluate/report.ts'
import type { WorldModel } from '../model/denoiser.ts'
import { openModel } from '../model/open-model.ts'
import { checkSteps } from '../sampler/schedule.ts'
import { checkWritable, saveFile } from '../studio/save-file.ts'
import { amountsOf, EVAL_HELP, type EvalOptions, parseEvalOptions } from './eval-options.ts'
import { type EvalStreams, FigureProgress } from './eval-progress.ts'
import { evaluateRevisits } from './eval-revisits.ts'
import { chooseTasks, evaluateTasks, writeTaskScripts } from './eval-tasks.ts'

/** Errors that are the caller's: exit code 2 instead of 1. */
const WRONG_CALL: readonly ErrorCode[] = ['option-invalid', 'clip-invalid']
const EXIT_INTERRUPTED = 130

/**
 * `sora-world eval`: a model in, figures out: a table, then one line of JSON; a contact sheet and figures.json in a
 * folder.
 *
 * Resolves to the exit code: 0 measured, 1 failed, 2 wrong options or clips, 130 interrupted. Files are written at the
 * end or not at all.
 */
export async function runEval(argv: string[], streams: EvalStreams = process): Promise<number> {
  const interrupt = new AbortController()
  const onInterrupt = () => interrupt.abort(new SoraError('aborted', 'interrupted; nothing was written'))
  const signal = streams.signal ?? interrupt.signal
  process.once('SIGINT', onInterrupt)
  try {
    const options = parseEvalOptions(argv)
    if (options === 'help') streams.stdout.write(EVAL_HELP)
    else await evaluate(options, streams, signal)
    return 0
  } catch (thrown) {
    const error = toSoraError(thrown)
    streams.stderr.write(`sora-world eval: ${error.message} (${error.code})\n`)
    if (signal.aborted) return EXIT_INTERRUPTED
    return WRONG_CALL.includes(error.code) ? 2 : 1
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

async function evaluate(options: EvalOptions, streams: EvalStreams, signal: AbortSignal): Promise<void> {
  const tasks = chooseTasks(options.only)
  if (options.taskScripts !== undefined) return writeTaskScripts(options.taskScripts, tasks)
  const files = await prepareFolder(options.out)
  const model = await openModel(options)
  try {
    if (options.instead === 'tasks') await evaluateTasks(model, tasks, options, streams, signal)
    else if (options.instead === 'revisit-sheet') await evaluateRevisits(model, options, streams, signal)
    else await measure(model, options, files, streams, signal)
  } finally {
    await model.release()
  }
}

async function measure(
  model: WorldModel,
  options: EvalOptions,
  files: { figures: string; sheet: string },
  { stdout, stderr }: EvalStreams,
  signal: AbortSignal,
): Promise<void> {
  const { manifest } = model
  if (options.steps !== undefined) checkSteps(manifest, options.steps)
  const folder = findClips(manifest.name, options.clips)
  const amount = amountsOf(options, manifest)
  const set = await readClipSet(folder, manifest, amount.count)
  const edits = await readEditClips(folder, manifest, amount.edits)
  const judges = await openShippedJudges(options.threads)
  const progress = new FigureProgress(stderr)
  try {
    const { measured, sheet } = await evaluateModel(model, judges, set, {
      quick: options.quick,
      steps: options.steps,
      captions: amount.captions,
      edits,
      drift: { rollouts: amount.rollouts, seconds: amount.seconds },
      guard: options.guard,
      signal,
      onProgress: (figure, done, total) => progress.update(figure, done, total),
    })
    progress.end()
    const figures = figuresOf(measured)
    await saveFile(files.sheet, await drawContactSheet(sheet, manifest.sizes[0]!))
    await saveFile(files.figures, new TextEncoder().encode(`${JSON.stringify(figures, null, 1)}\n`))
    const what = `${manifest.name} ${manifest.version} ${model.variant} on ${model.provider}, ${measured.steps} steps`
    stdout.write(`${what}; ${set.clips.length} clips of ${measured.size}${options.quick ? '; quick' : ''}\n\n`)
    stdout.write(tableOf(measured))
    for (const note of measured.notes) stdout.write(`note: ${note}\n`)
    stdout.write(`\n${files.figures}, ${files.sheet}\n${JSON.stringify(figures)}\n`)
  } finally {
    progress.end()
    await judges?.release()
  }
}

/** @throws SoraError `output-failed` before any work when nothing could be written after it */
async function prepareFolder(out: string): Promise<{ figures: string; sheet: string }> {
  const files = { figures: join(out, 'figures.json'), sheet: join(out, 'contact-sheet.png') }
  try {
    await mkdir(out, { recursive: true })
  } catch (cause) {
    throw new SoraError('output-failed', `cannot write into ${out}: ${(cause as Error).message}`, { cause })
  }
  for (const file of Object.values(files)) await checkWritable(file)
  return files
}
