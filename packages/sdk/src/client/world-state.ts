import type { RoomView } from '../protocol/index.ts'
import type { LinkState } from '../transport/transport.ts'
import type { WorldState } from './world-options.ts'

export interface Facts {
  /** `joining` before the first `open`. */
  link: LinkState | 'joining'
  /** The decoder runs, and the room has told its state. */
  isReady: boolean
  /** A frame was shown since the client connected. */
  hasFrame: boolean
  room: RoomView
}

/** The one place that decides which state a client is in. */
export function worldState({ link, isReady, hasFrame, room }: Facts): WorldState {
  if (link === 'closed' || link === 'reconnecting') return link
  if (link === 'joining' || !isReady) return 'connecting'
  if (room.status === 'paused') return 'paused'
  if (room.status === 'queued' || room.status === 'recovering' || room.status === 'failed') return 'waiting'
  return hasFrame ? 'running' : 'ready'
}

/** The state in words for a person who waits; '' where there is nothing to wait for. */
export function waitingWords({ link, hasFrame, room, isReady }: Facts): string {
  if (link === 'reconnecting') return 'connection lost, trying again'
  if (link !== 'open' || !isReady) return ''
  if (room.status === 'failed') return `the server reports: ${room.problem || 'the world has failed'}`
  if (room.status === 'recovering') return 'the server restarts its model'
  if (room.status === 'queued') {
    return room.queuePosition > 0 ? `waiting in queue, position ${room.queuePosition}` : 'waiting for the server'
  }
  return hasFrame ? '' : 'waiting for the first chunk'
}
