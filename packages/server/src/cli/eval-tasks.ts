import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SoraError } from '@sora-world/sdk/protocol'
import { drawContactSheet } from '../evaluate/contact-sheet.ts'
import { openShippedJudges } from '../evaluate/evaluate.ts'
import type { Judges } from '../evaluate/judges.ts'
import { TASKS } from '../evaluate/tasks/all-tasks.ts'
import { checkScorer, countTasks, measureTasks } from '../evaluate/tasks/measure-tasks.ts'
import type { Task } from '../evaluate/tasks/task.ts'
import { checkTable, scoresBy, successBy, taskTable } from '../evaluate/tasks/task-report.ts'
import type { WorldModel } from '../model/denoiser.ts'
import { checkSteps } from '../sampler/schedule.ts'
import { saveFile } from '../studio/save-file.ts'
import type { EvalOptions } from './eval-options.ts'
import { type EvalStreams, FigureProgress } from './eval-progress.ts'

/**
 * The tasks by name, in their own order.
 *
 * @throws SoraError `option-invalid` naming one that there is not
 */
export function chooseTasks(names: readonly string[] | undefined): Task[] {
  if (names === undefined) return [...TASKS]
  for (const name of names) {
    if (TASKS.some((task) => task.name === name)) continue
    const known = TASKS.map((task) => task.name).join(', ')
    throw new SoraError('option-invalid', `there is no task "${name}"; known: ${known}`)
  }
  return TASKS.filter(({ name }) => names.includes(name))
}

/** Writes an action file for each task, and TASK.not.json where its counter-player does something. */
export async function writeTaskScripts(dir: string, tasks: readonly Task[]): Promise<void> {
  try {
    await mkdir(dir, { recursive: true })
    for (const task of tasks) {
      const files = { [task.name]: task.script(), [`${task.name}.not`]: task.counterScript?.() }
      for (const [name, script] of Object.entries(files)) {
        if (script) await writeFile(join(dir, `${name}.json`), `${JSON.stringify(script.stretches, null, 1)}\n`)
      }
    }
  } catch (cause) {
    throw new SoraError('output-failed', `cannot write into ${dir}: ${(cause as Error).message}`, { cause })
  }
}

/** Attempts tasks in generated worlds, or tries their scorer on true clips: a table, then one line of JSON. */
export async function evaluateTasks(
  model: WorldModel,
  tasks: Task[],
  options: EvalOptions,
  streams: EvalStreams,
  signal: AbortSignal,
): Promise<void> {
  if (options.steps !== undefined) checkSteps(model.manifest, options.steps)
  const judges = await openShippedJudges(options.threads)
  if (!judges) throw new SoraError('model-missing', 'tasks are scored by judges, and none ship here')
  const progress = new FigureProgress(streams.stderr)
  const onProgress = (task: string, done: number, total: number) => progress.update(task, done, total)
  try {
    const run = options.clips === undefined ? play : check
    const { sheet, table, figures, scores } = await run(model, judges, options, { tasks, signal, onProgress })
    progress.end()
    const { name, version } = model.manifest
    const line = { name: 'eval', model: name, version, variant: model.variant, judges: judges.version, ...figures }
    const files = ['tasks.png', 'tasks.json'].map((file) => join(options.out, file)) as [string, string]
    await saveFile(files[0], await drawContactSheet(sheet, model.manifest.sizes[0]!))
    await saveFile(files[1], new TextEncoder().encode(`${JSON.stringify({ ...line, scores }, null, 1)}\n`))
    streams.stdout.write(`${table}\n${files.join(', ')}\n${JSON.stringify(line)}\n`)
  } finally {
    progress.end()
    await judges.release()
  }
}

interface Run {
  tasks: Task[]
  signal: AbortSignal
  onProgress(task: string, done: number, total: number): void
}

async function play(model: WorldModel, judges: Judges, { seeds, steps, memory }: EvalOptions, run: Run) {
  const measured = await measureTasks(model, judges, { ...run, seeds, steps, memory })
  return {
    sheet: measured.map(({ pictures }) => pictures),
    table: taskTable(measured),
    figures: { tasks: countTasks(measured), of: measured.length, seeds, memory, tasksBy: successBy(measured) },
    scores: scoresBy(measured),
  }
}

async function check(model: WorldModel, judges: Judges, { clips, count }: EvalOptions, run: Run) {
  const checks = await checkScorer(model, judges, clips!, { ...run, count })
  const [done, idle] = [checks.map((each) => each.done), checks.map((each) => each.idle)]
  return {
    sheet: done.map(({ pictures }) => pictures),
    table: checkTable(checks),
    figures: { scorer: { done: successBy(done), idle: successBy(idle) } },
    scores: { done: scoresBy(done), idle: scoresBy(idle) },
  }
}
