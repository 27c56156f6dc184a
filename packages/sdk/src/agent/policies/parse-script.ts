import { SoraError } from '../../protocol/index.ts'

/** One thing a script does: for so many frames, or until so many degrees are turned. */
export interface ScriptPart {
  buttons: readonly string[]
  frames: number
  /** Degrees in all. */
  yaw: number
  pitch: number
}

export interface Script {
  parts: readonly ScriptPart[]
  /** Starts again from the beginning after its last part. */
  repeats: boolean
}

/**
 * Words that hold buttons down, and the buttons. Directions may follow ("walk forward", "run left"); without one, moving
 * goes ahead.
 */
const MOVES: Readonly<Record<string, readonly string[]>> = {
  walk: [],
  go: [],
  run: ['sprint'],
  sprint: ['sprint'],
  sneak: ['sneak'],
  swim: ['jump'],
}
const DEEDS: Readonly<Record<string, readonly string[]>> = {
  jump: ['jump'],
  attack: ['attack'],
  break: ['attack'],
  dig: ['attack'],
  use: ['use'],
  place: ['use'],
  drop: ['drop'],
  wait: [],
  stand: [],
}
const DIRECTIONS: Readonly<Record<string, string>> = {
  forward: 'forward',
  ahead: 'forward',
  back: 'back',
  backward: 'back',
  backwards: 'back',
  left: 'left',
  right: 'right',
}
/** Frames of a deed that says no length: long enough for a jump, or to break nothing by accident. */
const SHORT = 4
/** Degrees that "turn left" means. */
const QUARTER = 90
/** Degrees a frame of a turn that is not told how long it takes. */
const TURN_SPEED = 6
/** Frames per second that the models of this project are made of. */
const TICKS_PER_SECOND = 20
const MAX_FRAMES = 1_000_000
const MAX_DEGREES = 36_000

/**
 * Reads a program: parts divided by commas, semicolons or line ends, and `#` before a comment.
 *
 *     walk forward 20 ticks, turn 90, jump       # a tick is a frame, 1/20 s
 *     run 2 seconds and turn left 45
 *     look down 20; dig 3 seconds
 *     slot 3, place
 *     repeat                                     # from the beginning, for ever
 *
 * Right and down are positive; `and` does two things at once. Words: walk, go, run, sprint, sneak, swim (with forward,
 * back, left, right), turn, look, jump, attack, dig, break, use, place, drop, slot N, wait, stand, repeat.
 *
 * @throws SoraError `script-invalid` naming line and word
 */
export function parseScript(text: string): Script {
  const parts: ScriptPart[] = []
  let repeats = false
  text.split('\n').forEach((line, index) => {
    for (const phrase of line.replace(/#.*/, '').split(/[,;]/)) {
      const words = phrase.trim().toLowerCase().split(/\s+/).filter(Boolean)
      if (words.length === 0) continue
      const reader = new WordReader(words, index + 1)
      if (repeats) throw reader.problem('nothing can follow "repeat"', words[0]!)
      if (words[0] === 'repeat') repeats = readEnd(reader)
      else parts.push(readPart(reader))
    }
  })
  if (parts.length === 0) throw new SoraError('script-invalid', 'line 1: the script says nothing to do')
  return { parts, repeats }
}

function readEnd(reader: WordReader): true {
  reader.next()
  reader.checkEnd()
  return true
}

/** `walk left 2 seconds and turn 30` */
function readPart(reader: WordReader): ScriptPart {
  const part = { buttons: [] as string[], frames: 0, yaw: 0, pitch: 0 }
  do {
    readDeed(reader, part)
  } while (reader.take('and'))
  reader.checkEnd()
  const turning = Math.ceil(Math.max(Math.abs(part.yaw), Math.abs(part.pitch)) / TURN_SPEED)
  return { ...part, frames: part.frames || turning || SHORT }
}

function readDeed(reader: WordReader, part: { buttons: string[]; frames: number; yaw: number; pitch: number }): void {
  const verb = reader.next()
  if (verb === 'turn') {
    part.yaw += readAngle(reader, 'right', 'left')
    return
  }
  if (verb === 'look') {
    part.pitch += readAngle(reader, 'down', 'up')
    return
  }
  if (verb === 'slot') part.buttons.push(`hotbar.${reader.number(1, 9)}`)
  else if (Object.hasOwn(MOVES, verb)) part.buttons.push(...MOVES[verb]!, ...readDirections(reader))
  else if (Object.hasOwn(DEEDS, verb)) part.buttons.push(...DEEDS[verb]!)
  else throw reader.problem('unknown word', verb)
  const frames = readLength(reader)
  if (frames > 0) part.frames = Math.max(part.frames, frames)
}

function readDirections(reader: WordReader): string[] {
  const found: string[] = []
  for (let word = reader.peek(); word && Object.hasOwn(DIRECTIONS, word); word = reader.peek()) {
    found.push(DIRECTIONS[reader.next()]!)
  }
  return found.length > 0 ? found : ['forward']
}

/** `90`, `left 45`, `left`, `-30 degrees` */
function readAngle(reader: WordReader, positive: string, negative: string): number {
  const sign = reader.take(negative) ? -1 : 1
  if (sign === 1) reader.take(positive)
  const degrees = reader.isNumber() ? reader.number(-MAX_DEGREES, MAX_DEGREES) : QUARTER
  if (!reader.take('degrees')) reader.take('degree')
  return sign * degrees
}

/** `20`, `20 ticks`, `2.5 seconds`; 0 when no length is said */
function readLength(reader: WordReader): number {
  reader.take('for')
  if (!reader.isNumber()) return 0
  const amount = reader.number(0, MAX_FRAMES)
  const isSeconds = ['seconds', 'second', 's'].some((unit) => reader.take(unit))
  if (!isSeconds) ['ticks', 'tick', 'frames', 'frame'].some((unit) => reader.take(unit))
  return Math.max(1, Math.round(isSeconds ? amount * TICKS_PER_SECOND : amount))
}

/** The words of one part, one after the other. */
class WordReader {
  readonly #words: readonly string[]
  readonly #line: number
  #at = 0

  constructor(words: readonly string[], line: number) {
    this.#words = words
    this.#line = line
  }

  peek(): string | undefined {
    return this.#words[this.#at]
  }

  next(): string {
    const word = this.#words[this.#at++]
    if (word === undefined) throw this.problem('something is missing after', this.#words.at(-1) ?? '')
    return word
  }

  take(word: string): boolean {
    if (this.peek() !== word) return false
    this.#at++
    return true
  }

  isNumber(): boolean {
    return /^[+-]?[\d.]/.test(this.peek() ?? '')
  }

  number(low: number, high: number): number {
    const word = this.next()
    const value = Number(word)
    if (value >= low && value <= high) return value
    throw this.problem(`not a number from ${low} to ${high}:`, word)
  }

  checkEnd(): void {
    const word = this.peek()
    if (word !== undefined) throw this.problem('unexpected word', word)
  }

  problem(words: string, word: string): SoraError {
    return new SoraError('script-invalid', `line ${this.#line}: ${words} "${word}"`)
  }
}
