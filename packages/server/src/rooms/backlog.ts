import type { Client, ClientPrivate } from '@colyseus/core'

/**
 * Bytes that may wait in a client's socket. Colyseus has no back-pressure: a client on a slow line would otherwise get
 * later and later pictures, and one that does not read at all would fill the server's memory.
 */
const MAX_BUFFERED_BYTES = 256 * 1024
/** Messages that Colyseus may hold back for a client which has not confirmed that it joined. */
const MAX_ENQUEUED = 16

/** Does so much wait for this client that it should not get more? */
export function isBehind(client: Client): boolean {
  const { bufferedAmount = 0 } = client.ref as { bufferedAmount?: number }
  const { _enqueuedMessages: enqueued } = client as Client & ClientPrivate
  return bufferedAmount > MAX_BUFFERED_BYTES || (enqueued?.length ?? 0) > MAX_ENQUEUED
}
