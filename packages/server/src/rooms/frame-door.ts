import { type Client, getMessageBytes, Protocol, ResponseStatus, type Room } from '@colyseus/core'
import { LIMITS, type Reply, SoraError, toSoraError } from '@sora-world/sdk/protocol'
import { isBehind } from './backlog.ts'
import { RateLimit } from './rate-limit.ts'
import { checkFrame, isControlFrame, requestIdOf } from './read-frame.ts'

/**
 * Colyseus closes the connection of a client whose frame it cannot read, whose message it does not know or who sends
 * too much. A world should outlive all three, so every frame passes here first: what is wrong is answered with a typed
 * error, what is too much is dropped, and the session goes on.
 *
 * This is the one place that reaches into Colyseus (`Room._onMessage`, version pinned in package.json).
 */
export class FrameDoor {
  readonly #limits = new Map<string, RateLimit>()
  readonly #now: () => number

  /** `now` in milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** To be called before the first client joins. */
  guard(room: Room): void {
    const inner = room as unknown as { _onMessage(client: Client, frame: Buffer): void }
    const take = inner._onMessage
    inner._onMessage = (client, frame) => {
      if (this.#lets(client, frame)) take.call(room, client, frame)
    }
  }

  forget(sessionId: string): void {
    this.#limits.delete(sessionId)
  }

  #lets(client: Client, frame: Buffer): boolean {
    if (!(frame instanceof Uint8Array) || frame.length === 0) return false
    const verdict = this.#limitOf(client.sessionId).take(this.#now())
    if (isControlFrame(frame)) return true
    if (verdict !== 'take') {
      const error = new SoraError('rate-limited', `more than ${LIMITS.messagesPerSecond} messages in a second`)
      // Whoever waits for an answer gets one each time.
      if (verdict === 'drop-and-tell' || requestIdOf(frame) !== null) sendError(client, frame, error)
      return false
    }
    try {
      checkFrame(frame)
      return true
    } catch (thrown) {
      sendError(client, frame, toSoraError(thrown))
      return false
    }
  }

  #limitOf(sessionId: string): RateLimit {
    const known = this.#limits.get(sessionId)
    if (known) return known
    const limit = new RateLimit()
    this.#limits.set(sessionId, limit)
    return limit
  }
}

/** As the answer of a request, or as an `error` message; nothing when the client does not read what it gets. */
function sendError(client: Client, frame: Uint8Array, error: SoraError): void {
  if (isBehind(client)) return
  const requestId = requestIdOf(frame)
  const reply: Reply<never> = { ok: false, error: error.toJSON() }
  if (requestId === null) client.send('error', reply.error)
  else client.enqueueRaw(getMessageBytes[Protocol.ROOM_RESPONSE](requestId, ResponseStatus.OK, reply))
}
