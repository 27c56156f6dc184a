import type { SoraError } from '../protocol/index.ts'

interface Wait {
  world: number
  seq: number
  resolve(): void
  reject(error: SoraError): void
}

/** Promises that resolve when a certain chunk, or a later one, is on the screen. */
export class ShownWaits {
  #waits: Wait[] = []
  #shown = { world: -1, seq: -1 }

  until(world: number, seq: number): Promise<void> {
    if (isReached(this.#shown, world, seq)) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waits.push({ world, seq, resolve, reject }))
  }

  shown(frame: { world: number; seq: number }): void {
    this.#shown = { world: frame.world, seq: frame.seq }
    const waits = this.#waits
    this.#waits = waits.filter(({ world, seq }) => !isReached(frame, world, seq))
    for (const wait of waits) if (!this.#waits.includes(wait)) wait.resolve()
  }

  failAll(error: SoraError): void {
    const waits = this.#waits
    this.#waits = []
    for (const wait of waits) wait.reject(error)
  }
}

function isReached(shown: { world: number; seq: number }, world: number, seq: number): boolean {
  return shown.world > world || (shown.world === world && shown.seq >= seq)
}
