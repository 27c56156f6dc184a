import type { JudgedAttempt, Score } from './attempt.ts'
import type { Script } from './script.ts'

/** Something to do in a world, and how to tell from what was seen whether it was done. */
export interface Task {
  name: string
  /** In a sentence's words, for people. */
  title: string
  /** The caption of the world; several are taken in turn. */
  prompts: readonly string[]
  /** What the player says, and at which frame. */
  says?: { frame: number; text: string }
  script(): Script
  /** What a player does who must not be taken for one who did it; nothing at all by default. */
  counterScript?(): Script
  score(attempt: JudgedAttempt): Promise<Score>
  /** Whether the score rests on the model's own pose head too. */
  needsPose?: boolean
}

/** dB; two views that are less alike show that the player went somewhere: who stays is above 33 in true clips. */
export const SAME_VIEW = 30

/** A verdict from named checks: done when all hold. */
export function scoreOf(measures: Readonly<Record<string, number>>, checks: readonly boolean[]): Score {
  return { isDone: checks.every(Boolean), measures }
}
