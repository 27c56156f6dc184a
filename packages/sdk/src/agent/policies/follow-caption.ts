import type { NamedAction } from '../action.ts'
import { type EpisodeStart, type Policy, policyOf } from '../policy.ts'

/** What a word in the caption makes the player do. */
const WORDS: readonly (readonly [RegExp, NamedAction])[] = [
  [/\b(stop|stops|stand|stands|standing|wait|waits|still)\b/, {}],
  [/\b(walk|walks|walking|go|goes|going|forward|ahead)\b/, { forward: true }],
  [/\b(run|runs|running|sprint|sprints|sprinting)\b/, { forward: true, sprint: true }],
  [/\b(sneak|sneaks|sneaking)\b/, { forward: true, sneak: true }],
  [/\b(swim|swims|swimming)\b/, { forward: true, jump: true }],
  [/\b(jump|jumps|jumping)\b/, { jump: true }],
  [/\b(back|backwards?)\b/, { back: true, forward: false }],
  [/\b(dig|digs|digging|mine|mines|mining|break|breaks|breaking|attack|attacks)\b/, { attack: true }],
  [/\b(build|builds|building|place|places|placing)\b/, { use: true }],
]
const TURN = /\b(turn|turns|turning|look|looks|looking) (around|left|right|up|down)\b/
/** Degrees a second. */
const TURN_SPEED = 60
const LOOK_SPEED = 30

/**
 * Does what the caption says the player does: "walking through a forest", "turn left", "it digs". Of an event that was
 * said last, the last clause with such a word counts; nature's doings ("rain falls") mean nothing to it.
 */
export function followCaption(): Policy<EpisodeStart> {
  return policyOf('follow-caption', ({ caption }, episode) => {
    const clauses = caption.toLowerCase().split(/[,.;]/).reverse()
    const said = clauses.find((clause) => TURN.test(clause) || WORDS.some(([word]) => word.test(clause)))
    return said === undefined ? {} : deedOf(said, episode)
  })
}

function deedOf(clause: string, { maxTurn, framesPerStep, framesPerSecond }: EpisodeStart): NamedAction {
  const action = Object.assign({}, ...WORDS.filter(([word]) => word.test(clause)).map(([, deed]) => deed))
  const side = TURN.exec(clause)?.[2]
  if (!side) return action
  const seconds = framesPerStep / framesPerSecond
  const yaw = Math.min(maxTurn.yaw, TURN_SPEED * seconds)
  const pitch = Math.min(maxTurn.pitch, LOOK_SPEED * seconds)
  const camera = { left: { yaw: -yaw }, up: { pitch: -pitch }, down: { pitch } }[side] ?? { yaw }
  return { ...action, camera }
}
