import type { RoomStatus } from '@sora-world/sdk/protocol'

export interface StatusFacts {
  hasFailed: boolean
  isPaused: boolean
  isWatched: boolean
  /** Makes chunks again that were made before, paused or not. */
  isCatchingUp: boolean
  /** Waits for its turn to run. */
  isQueued: boolean
  /** The worker lost the rollout and has not made a chunk of it since. */
  isRecovering: boolean
  /** At least one chunk of this world was made. */
  hasChunk: boolean
}

/** The one word for a room's state. The first that holds wins, from what only a new world cures to the normal case. */
export function statusOf(facts: StatusFacts): RoomStatus {
  if (facts.hasFailed) return 'failed'
  if ((facts.isPaused && !facts.isCatchingUp) || !facts.isWatched) return 'paused'
  if (facts.isQueued) return 'queued'
  if (facts.isRecovering) return 'recovering'
  if (facts.isCatchingUp) return 'catching-up'
  return facts.hasChunk ? 'running' : 'ready'
}
