import { type Action, type ActionSpace, type ControlMessage, SoraError } from '@sora-world/sdk/protocol'
import { spreadAxis } from './spread-axis.ts'

/** A driver that says nothing for this long lets go of everything: its tab may be asleep with a key down. */
const STALE_AFTER_MS = 1000
/** Presses of one button that one chunk can show: two presses need a frame of rest between them. */
const FRAMES_PER_PRESS = 2

/** What the driver does during one chunk. */
export interface ActionWindow {
  /** One per frame. */
  actions: Action[]
  /** `seq` of the newest control message in it; 0 when there never was one. */
  actionSeq: number
  /** When the oldest control message that no earlier chunk reflects came in; null when there is none. */
  since: number | null
}

/**
 * Turns control messages, which come when they like, into the actions of the next chunk.
 *
 * Held buttons: the newest message wins. Presses are latched, so that a tap shorter than a chunk is seen for one frame.
 * Axis deltas are summed and spread over the frames. Times are milliseconds of the caller's clock.
 */
export class ActionQueue {
  readonly #space: ActionSpace
  #held = new Set<string>()
  readonly #presses = new Map<string, number>()
  readonly #deltas = new Map<string, number>()
  #actionSeq = 0
  #newestAt = Number.NEGATIVE_INFINITY
  #since: number | null = null

  constructor(space: ActionSpace) {
    this.#space = space
  }

  /** @throws SoraError `action-invalid` for a button or axis that the model does not have; nothing is taken then */
  push(message: ControlMessage, now: number): void {
    this.#check(message)
    for (const name of this.#space.buttons.map((button) => button.name)) this.#latch(name, message)
    this.#held = new Set(message.held)
    for (const [name, delta] of Object.entries(message.axes)) {
      this.#deltas.set(name, (this.#deltas.get(name) ?? 0) + delta)
    }
    this.#actionSeq = message.seq
    this.#newestAt = now
    this.#since ??= now
  }

  /** The actions of the next `frames` frames. Turns too fast for one chunk go on in the next, up to one chunk's worth. */
  take(frames: number, now: number): ActionWindow {
    if (now - this.#newestAt > STALE_AFTER_MS) this.release()
    const actions = Array.from({ length: frames }, (): { held: string[]; axes: Record<string, number> } => ({
      held: [],
      axes: {},
    }))
    for (const button of this.#space.buttons) {
      const isDown = this.#framesDown(button.name, button.binding === 'press', frames)
      for (const [frame, action] of actions.entries()) if (isDown(frame)) action.held.push(button.name)
    }
    for (const axis of this.#space.axes) {
      const { perFrame, rest } = spreadAxis(this.#deltas.get(axis.name) ?? 0, frames, axis.max)
      for (const action of actions) if (perFrame !== 0) action.axes[axis.name] = perFrame
      this.#deltas.set(axis.name, rest)
    }
    this.#presses.clear()
    const since = this.#since
    this.#since = null
    return { actions, actionSeq: this.#actionSeq, since }
  }

  /** Lets go of every button and forgets what is still to be turned. */
  release(): void {
    this.#held.clear()
    this.#presses.clear()
    this.#deltas.clear()
  }

  /** For another driver, whose messages count from the start. */
  reset(): void {
    this.release()
    this.#actionSeq = 0
    this.#since = null
    this.#newestAt = Number.NEGATIVE_INFINITY
  }

  #latch(name: string, message: ControlMessage): void {
    const isNewlyHeld = message.held.includes(name) && !this.#held.has(name)
    const presses = message.pressed.filter((pressed) => pressed === name).length
    const edges = Math.max(presses, isNewlyHeld ? 1 : 0)
    if (edges > 0) this.#presses.set(name, (this.#presses.get(name) ?? 0) + edges)
  }

  /** A held button is down in every frame, a press in one frame each, however long the key stays down. */
  #framesDown(name: string, isPressOnly: boolean, frames: number): (frame: number) => boolean {
    if (!isPressOnly && this.#held.has(name)) return () => true
    const presses = Math.min(this.#presses.get(name) ?? 0, Math.ceil(frames / FRAMES_PER_PRESS))
    return (frame) => frame % FRAMES_PER_PRESS === 0 && frame / FRAMES_PER_PRESS < presses
  }

  #check(message: ControlMessage): void {
    const { buttons, axes } = this.#space
    for (const name of [...message.held, ...message.pressed]) {
      if (!buttons.some((button) => button.name === name))
        throw new SoraError('action-invalid', `unknown button "${name}"`)
    }
    for (const name of Object.keys(message.axes)) {
      if (!axes.some((axis) => axis.name === name)) throw new SoraError('action-invalid', `unknown axis "${name}"`)
    }
  }
}
