type Listener<T> = (value: T) => void

/** Typed events. A listener that throws does not keep the others from being called; its error is reported. */
export class Emitter<Events extends object> {
  #listeners = new Map<keyof Events, Set<Listener<never>>>()

  /** Returns the function that removes the listener again. */
  on<K extends keyof Events>(name: K, listener: Listener<Events[K]>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** True when somebody was there to hear it. */
  emit<K extends keyof Events>(name: K, value: Events[K]): boolean {
    const listeners = [...(this.#listeners.get(name) ?? [])] as Listener<Events[K]>[]
    for (const listener of listeners) {
      try {
        listener(value)
      } catch (error) {
        console.error(`listener of "${String(name)}" failed:`, error)
      }
    }
    return listeners.length > 0
  }

  clear(): void {
    this.#listeners.clear()
  }
}
