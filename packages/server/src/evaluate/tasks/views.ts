import { mean } from '../statistics.ts'
import type { JudgedAttempt } from './attempt.ts'
import { standStill, turnAndReturn, waitFor, walkAbout } from './scripts.ts'
import { scoreOf, type Task } from './task.ts'
import { majority } from './travel.ts'

const turnAndReturnTask: Task = {
  name: 'turn-and-return',
  title: 'turn around and come back to the same view',
  prompts: ['green fields by day, clear sky', 'a sandy desert at noon', 'a snowy forest by day'],
  script: turnAndReturn,
  async score(attempt) {
    const [start, away, back] = [attempt.at('start'), attempt.at('away'), attempt.at('back')]
    const same = attempt.likeness(start, back)
    const other = attempt.likeness(start, away)
    const out = await attempt.turned(start, away)
    const home = await attempt.turned(away, back)
    // Half of the half turn must be seen in the pictures, out and home: one that shows no turn has not come back.
    return scoreOf({ same, other, out, home }, [same >= 18, same >= other + 3, out >= 90, home <= -90])
  },
}

/** First and last words that the scene judge has for time or weather. */
async function change(attempt: JudgedAttempt, what: 'time' | 'weather') {
  const ends = attempt.chunkEnds()
  const words = (await attempt.scenes(ends)).map((scene) => scene[what])
  return { before: words.slice(0, 4), after: words.slice(-4) }
}

/** Share of `words` that are `word`. */
const shareOfWord = (words: readonly string[], word: string) =>
  words.filter((each) => each === word).length / words.length

/** A caption changes the `field` of the view to `word`, which it was not before. */
function eventTask(
  task: Pick<Task, 'name' | 'title' | 'prompts'> & { text: string; field: 'time' | 'weather'; word: string },
): Task {
  const { name, title, prompts, text, field, word } = task
  return {
    name,
    title,
    prompts,
    says: { frame: 20, text },
    script: waitFor,
    async score(attempt) {
      const { before, after } = await change(attempt, field)
      const early = shareOfWord(before, word)
      const late = shareOfWord(after, word)
      return scoreOf({ early, late }, [early <= 0.25, late >= 0.75])
    },
  }
}

const dayToNightTask = eventTask({
  name: 'day-to-night',
  title: 'from day to night',
  prompts: ['green fields by day', 'a sandy desert by day', 'rocky mountains by day', 'an autumn forest by day'],
  text: 'night falls',
  field: 'time',
  word: 'night',
})

const startRainTask = eventTask({
  name: 'start-rain',
  title: 'follow "it starts to rain"',
  prompts: [
    'green fields by day, clear sky',
    'a dense forest by day, clear sky',
    'a tropical island by day, clear sky',
  ],
  text: 'it starts to rain',
  field: 'weather',
  word: 'rain',
})

const standStillTask: Task = {
  name: 'stand-still',
  title: 'stand still for 20 s without the world moving',
  prompts: [
    'green fields by day, clear sky',
    'a sandy desert at noon',
    'rocky mountains by day',
    'a snowy forest by day',
  ],
  script: standStill,
  counterScript: walkAbout,
  async score(attempt) {
    const start = attempt.at('start')
    const ends = attempt.chunkEnds(start + 1)
    const later = ends.map((frame) => attempt.likeness(start, frame)).toSorted((a, b) => a - b)
    // Animals may pass: one view in ten may be another.
    const same = later[Math.floor(later.length / 10)]!
    const turning = mean((await attempt.motions(start)).map(({ yaw }) => Math.abs(yaw))) ?? 0
    const biomes = (await attempt.scenes(ends.slice(-10))).map(({ biome }) => biome)
    const sure = majority(biomes).share
    return scoreOf({ same, turning, sure }, [same >= 20, turning < 0.6])
  },
}

export const VIEW_TASKS = [turnAndReturnTask, dayToNightTask, startRainTask, standStillTask]
