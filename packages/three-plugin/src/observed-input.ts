import { InputState } from '@sora-world/sdk'

export interface InputObserver {
  /** Something was held, let go, pressed or turned. */
  changed(): void
  /** A button went down, or was pressed for one frame. */
  pressed(button: string): void
}

/** Passes everything that devices sense on to the world's input, and tells an observer what is new. */
export class ObservedInput extends InputState {
  readonly #target: InputState
  readonly #observer: InputObserver
  /** What each source holds: a gamepad reports its buttons again and again. */
  readonly #down = new Map<string, Set<string>>()

  constructor(target: InputState, observer: InputObserver) {
    super(target.space, () => 0)
    this.#target = target
    this.#observer = observer
  }

  override get held(): string[] {
    return this.#target.held
  }

  override hold(button: string, isDown: boolean, source = 'app'): void {
    this.#target.hold(button, isDown, source)
    if (!this.#note(button, isDown, source)) return
    if (isDown) this.#observer.pressed(button)
    this.#observer.changed()
  }

  override press(button: string): void {
    this.#target.press(button)
    this.#observer.pressed(button)
    this.#observer.changed()
  }

  override turn(axis: string, delta: number): void {
    this.#target.turn(axis, delta)
    if (delta !== 0) this.#observer.changed()
  }

  override release(source?: string): void {
    this.#target.release(source)
    if (source === undefined) this.#down.clear()
    else this.#down.get(source)?.clear()
    this.#observer.changed()
  }

  /** True when this is news. */
  #note(button: string, isDown: boolean, source: string): boolean {
    let held = this.#down.get(source)
    if (held === undefined) this.#down.set(source, (held = new Set()))
    if (held.has(button) === isDown) return false
    if (isDown) held.add(button)
    else held.delete(button)
    return true
  }
}
