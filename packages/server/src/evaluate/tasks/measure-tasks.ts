import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type FrameSize, SoraError } from '@sora-world/sdk/protocol'
import type { WorldModel } from '../../model/denoiser.ts'
import { InProcessWorker } from '../../worker/in-process-worker.ts'
import { readClipSet } from '../clip-set.ts'
import type { Judges } from '../judges.ts'
import { groupsOf, ROLLOUTS_AT_ONCE } from '../rollouts.ts'
import { mean, share } from '../statistics.ts'
import { type Attempt, JudgedAttempt, type Score } from './attempt.ts'
import { attemptOf } from './from-clip.ts'
import { playTask } from './play.ts'
import type { Task } from './task.ts'

/** A task counts when so many of its attempts succeed. */
export const LEAST_SUCCESS = 0.7

/** How often a task was done. */
export interface TaskFigures {
  name: string
  title: string
  attempts: number
  /** Share of the attempts that succeeded; null of none. */
  success: number | null
  /** Mean of what the verdicts rest on. */
  measures: Record<string, number | null>
  /** One per attempt. */
  scores: Score[]
  /** Start, middle and end of two attempts, a successful one first if there is one: uint8 [H,W,3] each. */
  pictures: Uint8Array[]
}

export interface TaskOptions {
  tasks: readonly Task[]
  signal?: AbortSignal
  /** Hears which task is attempted, and how many steps of how many are done. */
  onProgress?(task: string, done: number, total: number): void
}

export interface PlayOptions extends TaskOptions {
  /** Attempts per task; attempt i plays with random seed i. */
  seeds: number
  steps?: number
  memory?: boolean
}

/** Attempts each task in generated worlds. Model and judges stay the caller's. */
export async function measureTasks(model: WorldModel, judges: Judges, options: PlayOptions): Promise<TaskFigures[]> {
  const { seeds, signal, memory, steps = model.manifest.denoiser.steps.default, onProgress = () => {} } = options
  const setting = { model, worker: new InProcessWorker(model), size: model.manifest.sizes[0]!, steps, signal, memory }
  const groups = groupsOf([...Array(seeds).keys()], ROLLOUTS_AT_ONCE)
  const figures: TaskFigures[] = []
  for (const task of options.tasks) {
    const total = (groups.length * task.script().frames) / model.manifest.frames.perChunk
    const tries: Try[] = []
    let done = 0
    for (const group of groups) {
      const attempts = await playTask(setting, task, group, () => onProgress(task.name, ++done, total))
      for (const attempt of attempts) tries.push(await judge(task, attempt, judges))
    }
    figures.push(figuresOf(task, tries))
  }
  return figures
}

/** What the scorer says of clips of the true world, of one task. */
export interface ScorerCheck {
  name: string
  /** Players who did it, and players who did nothing (or, where nothing is the task, something). */
  done: TaskFigures
  idle: TaskFigures
}

/**
 * Tries the scorer on clips of the true world, see docs/evaluation.md: `dir`/done/TASK and `dir`/idle/TASK.
 *
 * @throws SoraError `clip-invalid` when there are no clips of any of the tasks
 */
export async function checkScorer(
  model: WorldModel,
  judges: Judges,
  dir: string,
  options: TaskOptions & { count?: number },
): Promise<ScorerCheck[]> {
  const checks: ScorerCheck[] = []
  const size = model.manifest.sizes[0]!
  for (const task of options.tasks.filter(({ name }) => existsSync(join(dir, 'done', name)))) {
    const scored = (kind: string) => scoreClips(model, judges, task, size, join(dir, kind, task.name), options)
    checks.push({ name: task.name, done: await scored('done'), idle: await scored('idle') })
  }
  if (checks.length === 0) throw new SoraError('clip-invalid', `${dir} holds no clips of the tasks (done/TASK)`)
  return checks
}

async function scoreClips(
  model: WorldModel,
  judges: Judges,
  task: Task,
  size: FrameSize,
  dir: string,
  { signal, count, onProgress }: TaskOptions & { count?: number },
): Promise<TaskFigures> {
  if (!existsSync(dir)) return figuresOf(task, [])
  const { clips } = await readClipSet(dir, model.manifest, count)
  const tries: Try[] = []
  for (const clip of clips) {
    signal?.throwIfAborted()
    tries.push(await judge(task, await attemptOf(model, clip, size, task.needsPose ?? false), judges))
    onProgress?.(task.name, tries.length, clips.length)
  }
  return figuresOf(task, tries)
}

interface Try {
  score: Score
  pictures: Uint8Array[]
}

async function judge(task: Task, attempt: Attempt, judges: Judges): Promise<Try> {
  const judged = new JudgedAttempt(attempt, judges, task.script().marks)
  const score = await task.score(judged)
  const shown = [judged.at('start'), judged.count >> 1, judged.count - 1]
  return { score, pictures: shown.map((frame) => judged.frame(frame).slice()) }
}

function figuresOf({ name, title }: Task, tries: readonly Try[]): TaskFigures {
  const names = Object.keys(tries[0]?.score.measures ?? {})
  const sorted = tries.toSorted((a, b) => Number(b.score.isDone) - Number(a.score.isDone))
  const shown = [sorted[0], sorted.at(-1)].flatMap((each) => each?.pictures ?? [])
  return {
    name,
    title,
    attempts: tries.length,
    success: share(tries, ({ score }) => score.isDone),
    measures: Object.fromEntries(names.map((each) => [each, mean(tries.map(({ score }) => score.measures[each]!))])),
    scores: tries.map(({ score }) => score),
    pictures: shown,
  }
}

/** How many tasks count. */
export function countTasks(figures: readonly TaskFigures[]): number {
  return figures.filter(({ success }) => success !== null && success >= LEAST_SUCCESS).length
}
