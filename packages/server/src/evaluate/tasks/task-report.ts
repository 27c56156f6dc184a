import { drawTable } from '../text-table.ts'
import { countTasks, type ScorerCheck, type TaskFigures } from './measure-tasks.ts'

const percent = (value: number | null) => (value === null ? '-' : `${Math.round(value * 100)} %`)

/** The table for people: each task with its rate, and how many count. */
export function taskTable(figures: readonly TaskFigures[]): string {
  const rows = figures.map(({ title, success, attempts, measures }) => [
    title,
    percent(success),
    `${attempts}`,
    describe(measures),
  ])
  const count = ['tasks that count (70 % or more)', `${countTasks(figures)} of ${figures.length}`, '', '']
  return drawTable([['task', 'done', 'of', 'mean of what is measured'], ...rows, count])
}

/** What the scorer says of true clips. */
export function checkTable(checks: readonly ScorerCheck[]): string {
  const rows = checks.map(({ done, idle }) => [
    done.title,
    percent(done.success),
    `${done.attempts}`,
    percent(idle.success),
    `${idle.attempts}`,
    `${describe(done.measures)} | ${describe(idle.measures)}`,
  ])
  return drawTable([['task', 'done', 'of', 'idle', 'of', 'mean of what is measured: done | idle'], ...rows])
}

function describe(measures: TaskFigures['measures']): string {
  return Object.entries(measures)
    .map(([name, value]) => `${name} ${value === null ? '-' : value.toFixed(2)}`)
    .join(', ')
}

/** By task: the share of attempts that succeeded, for programs. */
export function successBy(figures: readonly TaskFigures[]): Record<string, number | null> {
  return Object.fromEntries(figures.map(({ name, success }) => [name, success === null ? null : round(success)]))
}

/** By task: verdict and measures of each attempt. */
export function scoresBy(figures: readonly TaskFigures[]) {
  const rounded = (measures: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(measures).map(([name, value]) => [name, round(value)]))
  return Object.fromEntries(
    figures.map(({ name, scores }) => [
      name,
      scores.map(({ isDone, measures }) => ({ isDone, measures: rounded(measures) })),
    ]),
  )
}

const round = (value: number) => Math.round(value * 1000) / 1000
