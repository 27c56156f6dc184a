/** A source of input. Handlers are bound once; `connect` and `disconnect` may alternate. */
export interface InputDevice {
  connect(): void
  /** Stops listening and lets go of everything that this device holds. */
  disconnect(): void
  /** `disconnect`, for good. */
  dispose(): void
}

interface Entry {
  target: EventTarget
  name: string
  handler: EventListener
  options?: AddEventListenerOptions
}

/** Event listeners that are added and removed together. */
export class Listeners {
  #entries: Entry[] = []
  #isOn = false

  get isOn(): boolean {
    return this.#isOn
  }

  add<E>(
    target: EventTarget | null | undefined,
    name: string,
    handler: (event: E) => void,
    options?: AddEventListenerOptions,
  ): void {
    if (target) this.#entries.push({ target, name, handler: handler as EventListener, options })
  }

  on(): void {
    if (this.#isOn) return
    this.#isOn = true
    for (const { target, name, handler, options } of this.#entries) target.addEventListener(name, handler, options)
  }

  off(): void {
    if (!this.#isOn) return
    this.#isOn = false
    for (const { target, name, handler } of this.#entries) target.removeEventListener(name, handler)
  }
}

/** Calls back when the page can no longer see keys go up: whatever is held then would be held for ever. */
export function addFocusLoss(listeners: Listeners, onLoss: () => void): void {
  listeners.add(globalThis.window, 'blur', onLoss)
  listeners.add(globalThis.document, 'visibilitychange', () => {
    if (document.visibilityState === 'hidden') onLoss()
  })
}

/** True while the user types: keys are text then. */
export function isTextField(target: unknown): boolean {
  const element = target as { tagName?: string; isContentEditable?: boolean; type?: string } | null
  if (!element) return false
  if (element.isContentEditable) return true
  const tag = element.tagName?.toUpperCase()
  if (tag === 'INPUT') return !['button', 'checkbox', 'radio', 'range', 'submit'].includes(element.type ?? 'text')
  return tag === 'TEXTAREA' || tag === 'SELECT'
}
