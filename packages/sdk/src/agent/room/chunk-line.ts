import type { Clock } from '../../clock.ts'
import { type EnvChunk, SoraError } from '../../protocol/index.ts'

interface LinedChunk {
  chunk: EnvChunk
  world: number
}

interface Waiter {
  wants(world: number): boolean
  resolve(lined: LinedChunk): void
  reject(error: SoraError): void
}

/** More than so many chunks waiting: the policy is too slow, and only the newest tells where the world is. */
const BACKLOG = 3

/** Chunks come when they like and are asked for one at a time: what came first is given first. */
export class ChunkLine {
  readonly #clock: Clock
  readonly #timeoutMs: number
  #waiting: LinedChunk[] = []
  #waiter: Waiter | null = null
  #failure: SoraError | null = null

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  add(chunk: EnvChunk, world: number): void {
    const waiter = this.#waiter
    if (waiter?.wants(world)) {
      this.#waiter = null
      waiter.resolve({ chunk, world })
    } else if (!waiter) {
      this.#waiting.push({ chunk, world })
      if (this.#waiting.length > BACKLOG) this.#waiting = this.#waiting.slice(-1)
    }
  }

  /** Nothing more will come. */
  fail(error: SoraError): void {
    this.#failure = error
    this.#waiter?.reject(error)
    this.#waiter = null
  }

  /** The next chunk, whatever world it is of. @throws SoraError `timeout`, or what the line failed with */
  async next(): Promise<LinedChunk> {
    const lined = this.#waiting.shift()
    return lined ?? this.#wait(() => true)
  }

  /** The first chunk from now on of a world that `wants` names; what was waiting is forgotten. @throws as {@link next} */
  async firstOf(wants: (world: number) => boolean): Promise<EnvChunk> {
    this.#waiting = []
    return (await this.#wait(wants)).chunk
  }

  #wait(wants: (world: number) => boolean): Promise<LinedChunk> {
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        this.#clock.clearTimeout(timer)
        settle()
      }
      const waiter: Waiter = {
        wants,
        resolve: (lined) => end(() => resolve(lined)),
        reject: (error) => end(() => reject(error)),
      }
      const timer = this.#clock.setTimeout(() => {
        if (this.#waiter === waiter) this.#waiter = null
        const seconds = this.#timeoutMs / 1000
        reject(new SoraError('timeout', `no chunk came from the room within ${seconds} s`))
      }, this.#timeoutMs)
      this.#waiter = waiter
    })
  }
}
