import { type ActionSpace, SoraError } from '../protocol/index.ts'
import { hotbarButtons, turnHotbar } from './keymap.ts'

/** Where devices put what they sense. Unknown names throw `action-invalid`. */
export interface InputSink {
  /** A button goes down or up. `source` keeps devices apart: a button is down while any source holds it. */
  hold(button: string, down: boolean, source?: string): void
  /** One edge: the button counts as pressed once, however short. */
  press(button: string): void
  /** Adds to the movement of an axis since the last control tick, in the axis' own unit. */
  turn(axis: string, delta: number): void
  /** Lets go of everything that this source holds; without a source, of everything. */
  release(source?: string): void
}

/** What happened since the last drain. */
export interface InputSnapshot {
  held: string[]
  /** Buttons that went down at least once, also when they are up again. */
  pressed: string[]
  axes: Record<string, number>
  /** When the first of these changes happened; null when nothing changed. */
  changedAtMs: number | null
}

/**
 * The controls between two control ticks: held buttons, latched press edges, summed axis movement.
 *
 * Reading does not forget; {@link drain} does: edges and sums are reported exactly once.
 */
export class InputState implements InputSink {
  readonly space: ActionSpace
  readonly #now: () => number
  readonly #onChange: () => void
  readonly #holders = new Map<string, Set<string>>()
  readonly #pressed = new Set<string>()
  readonly #sums = new Map<string, number>()
  #changedAtMs: number | null = null
  /** Hotbar button that went down last, by whichever device; null before the first. */
  #slot: string | null = null

  constructor(space: ActionSpace, now: () => number, onChange: () => void = () => {}) {
    this.space = space
    this.#now = now
    this.#onChange = onChange
  }

  get held(): string[] {
    return [...this.#holders.keys()]
  }

  /** True when a drain now would report a change. */
  get hasMore(): boolean {
    return this.#changedAtMs !== null
  }

  hold(button: string, down: boolean, source = 'app'): void {
    this.#checkButton(button)
    const holders = this.#holders.get(button)
    if (down) this.#addHolder(button, source, holders)
    else if (holders?.delete(source) && holders.size === 0) {
      this.#holders.delete(button)
      this.#changed()
    }
  }

  press(button: string): void {
    this.#checkButton(button)
    this.#edge(button)
  }

  /** Presses the hotbar button `steps` to the right of the last one pressed, around the ends. */
  turnHotbar(steps: number): void {
    const button = turnHotbar(hotbarButtons(this.space), this.#slot, steps)
    if (button) this.press(button)
  }

  turn(axis: string, delta: number): void {
    if (!this.space.axes.some((known) => known.name === axis)) {
      throw new SoraError('action-invalid', `the model has no axis "${axis}"`)
    }
    if (!Number.isFinite(delta)) throw new SoraError('action-invalid', `axis "${axis}" is not a finite number`)
    if (delta === 0) return
    this.#sums.set(axis, (this.#sums.get(axis) ?? 0) + delta)
    this.#changed()
  }

  release(source?: string): void {
    for (const [button, holders] of [...this.#holders]) {
      if (source === undefined) holders.clear()
      else if (!holders.delete(source)) continue
      if (holders.size > 0) continue
      this.#holders.delete(button)
      this.#changed()
    }
  }

  /**
   * Takes what happened and starts anew; held buttons stay held.
   *
   * No axis gives more than `maxAxis` at once: the rest stays for the next drain, so that a fast flick is not cut.
   */
  drain(maxAxis = Number.POSITIVE_INFINITY): InputSnapshot {
    const snapshot: InputSnapshot = {
      held: this.held,
      pressed: [...this.#pressed],
      axes: {},
      changedAtMs: this.#changedAtMs,
    }
    this.#pressed.clear()
    this.#changedAtMs = null
    for (const [axis, sum] of [...this.#sums]) {
      const part = Math.max(-maxAxis, Math.min(maxAxis, sum))
      snapshot.axes[axis] = part
      if (part === sum) this.#sums.delete(axis)
      else {
        this.#sums.set(axis, sum - part)
        this.#changedAtMs = snapshot.changedAtMs
      }
    }
    return snapshot
  }

  #addHolder(button: string, source: string, holders: Set<string> | undefined): void {
    if (holders) {
      holders.add(source)
      return
    }
    this.#holders.set(button, new Set([source]))
    // The edge is latched: a tap between two ticks still reaches the model.
    this.#edge(button)
  }

  #edge(button: string): void {
    if (button.startsWith('hotbar.')) this.#slot = button
    this.#pressed.add(button)
    this.#changed()
  }

  #checkButton(name: string): void {
    if (!this.space.buttons.some((known) => known.name === name)) {
      throw new SoraError('action-invalid', `the model has no button "${name}"`)
    }
  }

  #changed(): void {
    this.#changedAtMs ??= this.#now()
    this.#onChange()
  }
}
