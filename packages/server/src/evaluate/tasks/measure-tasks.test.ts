import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeModel } from '../../model/fake-model.ts'
import { playFakeClip } from '../fake-clip.ts'
import { FakeJudges, hueOf } from '../fake-judges.ts'
import { writeFakeClip } from '../write-fake-clip.ts'
import { checkScorer, countTasks, measureTasks, type TaskFigures } from './measure-tasks.ts'
import { Script } from './script.ts'
import { scoreOf, type Task } from './task.ts'
import { checkTable, successBy, taskTable } from './task-report.ts'

/** Go on; the judge must see it, and the pose head must say so. */
const walk: Task = {
  name: 'walk',
  title: 'walk',
  prompts: ['a forest'],
  needsPose: true,
  script: () => new Script().hold(20, ['forward']),
  async score(attempt) {
    const ahead = await attempt.held('forward', attempt.at('start'), attempt.at('start') + 20)
    const { away } = attempt.moved(attempt.at('start'))
    return scoreOf({ ahead, away }, [ahead > 0.9, away > 1])
  },
}
/** The world follows what is said; the other half of the worlds is a desert from the start. */
const hear: Task = {
  name: 'hear',
  title: 'hear',
  prompts: ['a forest', 'a desert'],
  says: { frame: 12, text: 'a desert' },
  script: () => new Script().rest(16),
  async score(attempt) {
    const [first, last] = await attempt.scenes([3, attempt.count - 1])
    return scoreOf({}, [first!.biome === 'forest', last!.biome !== 'forest'])
  },
}

describe('tasks in generated worlds', () => {
  const model = new FakeModel()
  let judges: FakeJudges
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sora-tasks-'))
    const both = await hueOf('a forest, a desert')
    judges = new FakeJudges({ forest: await hueOf('a forest'), desert: await hueOf('a desert'), both })
  })
  afterEach(() => rm(dir, { recursive: true }))

  it('plays the script from each seed and scores what is seen', async () => {
    const heard: string[] = []
    const options = { tasks: [walk, hear], seeds: 10, steps: 1, onProgress: (name: string) => heard.push(name) }
    const figures = await measureTasks(model, judges, options)
    expect(figures.map(({ success }) => success)).toEqual([1, 0.5])
    expect(figures[0]!.measures.away).toBeGreaterThan(1)
    expect(figures[0]!.pictures).toHaveLength(6)
    // Two groups of at most 8, 7 chunks each.
    expect(heard.filter((name) => name === 'walk')).toHaveLength(14)
    expect(countTasks(figures)).toBe(1)
    expect(taskTable(figures)).toMatch(/walk +100 % +10[\s\S]*count \(70 % or more\) +1 of 2/)
    expect(successBy(figures)).toEqual({ walk: 1, hear: 0.5 })
  })

  it('stops when told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(measureTasks(model, judges, { tasks: [walk], seeds: 1, signal })).rejects.toThrow('enough')
  })

  it('tries the scorer on clips of players who did it and who did not', async () => {
    for (const [kind, held] of [
      ['done', ['forward']],
      ['idle', []],
    ] as const) {
      const folder = join(dir, kind, 'walk')
      await mkdir(folder, { recursive: true })
      const action = () => ({ held, axes: {} })
      await writeFakeClip(folder, await playFakeClip({ name: `${kind}-1`, chunks: 7, action }))
    }
    const [check, ...others] = await checkScorer(model, judges, dir, { tasks: [walk, hear] })
    expect(others).toEqual([])
    expect([check!.done.success, check!.idle.success]).toEqual([1, 0])
    expect(checkTable([check!])).toMatch(/walk +100 % +1 +0 % +1/)
  })

  it('refuses a folder without clips of tasks', async () => {
    await expect(checkScorer(model, judges, dir, { tasks: [walk] })).rejects.toThrow(/holds no clips of the tasks/)
  })

  it('counts tasks from 70 % on', () => {
    const rate = (success: number | null) => ({ success }) as TaskFigures
    expect(countTasks([rate(0.7), rate(0.65), rate(1), rate(null)])).toBe(2)
  })
})
