import type { History } from './history-keeper.ts'

/** Enough to take a world up before chunk `next`. */
export interface Keyframe {
  next: number
  history: History
}

/** Chunks between two keyframes at first: about a minute, which is made again in some seconds. */
export const KEYFRAME_CHUNKS = 320
/** At most; some hundred kilobytes each. */
const MAX_KEYFRAMES = 16

/**
 * Moments of a world that is being played, from which everything later can be made again. Bounded: when there are too many,
 * every other one goes, and new ones come half as often.
 */
export class KeyframeKeeper {
  #keyframes: readonly Keyframe[]
  #spacing = KEYFRAME_CHUNKS

  /** @param keyframes of the world that this one goes on from, oldest first */
  constructor(keyframes: readonly Keyframe[] = []) {
    this.#keyframes = keyframes
    if (keyframes.length > 1) this.#spacing = Math.max(this.#spacing, keyframes[1]!.next - keyframes[0]!.next)
  }

  /** The next one should be as little after this chunk as is convenient. */
  get dueAt(): number {
    return (this.#keyframes.at(-1)?.next ?? 0) + this.#spacing
  }

  add(keyframe: Keyframe): void {
    this.#keyframes = [...this.#keyframes, keyframe]
    if (this.#keyframes.length <= MAX_KEYFRAMES) return
    this.#keyframes = this.#keyframes.filter((_, i) => i % 2 === 1)
    this.#spacing *= 2
  }

  /** Those from which one comes to before chunk `next`, oldest first; from `first` on one knows what was done. */
  upTo(next: number, first: number): readonly Keyframe[] {
    return this.#keyframes.filter((keyframe) => keyframe.next >= first && keyframe.next <= next)
  }
}
