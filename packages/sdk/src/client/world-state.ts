import type { RoomStatus, RoomView } from '../protocol/index.ts'
import { EMPTY_ROOM } from '../transport/server-messages.ts'
import type { LinkState } from '../transport/transport.ts'
import type { WorldState } from './world-options.ts'

export interface Facts {
  /** `joining` before the first `open`. */
  link: LinkState | 'joining'
  /** The decoder runs. */
  hasDecoder: boolean
  /** A frame was shown since the client connected. */
  hasFrame: boolean
  /** {@link EMPTY_ROOM} until the room has told its state. */
  room: RoomView
}

const WAITING: readonly RoomStatus[] = ['queued', 'recovering', 'catching-up', 'failed']

/** The one place that decides which state a client is in. */
export function worldState({ link, hasDecoder, hasFrame, room }: Facts): WorldState {
  if (link === 'closed' || link === 'reconnecting') return link
  if (link === 'joining' || !hasDecoder || room === EMPTY_ROOM) return 'connecting'
  if (room.status === 'paused') return 'paused'
  if (WAITING.includes(room.status)) return 'waiting'
  return hasFrame ? 'running' : 'ready'
}

/** The state in words for a person who waits; '' where others know better what it waits for. */
export function stateWords(facts: Facts): string {
  const { room, hasFrame } = facts
  switch (worldState(facts)) {
    case 'reconnecting':
      return 'connection lost, trying again'
    case 'waiting':
      return waitingWords(room)
    case 'ready':
      return 'waiting for the first chunk'
    case 'running':
      return 'running'
    case 'paused':
      return hasFrame ? 'paused' : 'the world is paused'
    default:
      return ''
  }
}

function waitingWords({ status, problem, queuePosition, seq, catchUpTo }: RoomView): string {
  if (status === 'failed') return `the server reports: ${problem || 'the world has failed'}`
  if (status === 'recovering') return 'the server restarts its model'
  if (status === 'catching-up') return `on the way back, chunk ${seq + 1} of ${catchUpTo}`
  return queuePosition > 0 ? `waiting in queue, position ${queuePosition}` : 'waiting for the server'
}

export interface StateTellerOptions {
  onState(state: WorldState, before: WorldState): void
  onWords(words: string): void
}

/** Keeps the facts, and tells when the state that follows from them changes, or the words. */
export class StateTeller {
  readonly #options: StateTellerOptions
  #facts: Facts = { link: 'joining', hasDecoder: false, hasFrame: false, room: EMPTY_ROOM }
  #state: WorldState = 'connecting'
  #words = ''

  constructor(options: StateTellerOptions) {
    this.#options = options
  }

  get facts(): Readonly<Facts> {
    return this.#facts
  }

  get state(): WorldState {
    return this.#state
  }

  learn(change: Partial<Facts>): void {
    this.#facts = { ...this.#facts, ...change }
    const before = this.#state
    this.#state = worldState(this.#facts)
    if (this.#state !== before) this.#options.onState(this.#state, before)
    this.say(stateWords(this.#facts))
  }

  say(words: string): void {
    if (!words || words === this.#words) return
    this.#words = words
    this.#options.onWords(words)
  }
}
