import { type Client, type ClientPrivate, getMessageBytes, Protocol } from '@colyseus/core'
import { CHUNK_MESSAGE } from '@sora-world/sdk/protocol'
import type { Downlink } from '../session/chunk-stream.ts'

/**
 * Bytes that may wait in a client's socket. Colyseus has no back-pressure: a client on a slow line would otherwise get
 * later and later pictures. It loses chunks instead and sees so by their sequence numbers.
 */
const MAX_BUFFERED_BYTES = 256 * 1024
/** Messages that Colyseus may hold back for a client which has not confirmed that it joined. */
const MAX_ENQUEUED = 16

/** Sends one chunk to each client in the kind it wants; every frame is put together once. */
export function sendChunk(
  clients: Iterable<Client>,
  packets: Partial<Record<Downlink, Uint8Array>>,
  kindOf: (client: Client) => Downlink | undefined,
): void {
  const frames = new Map<Downlink, Uint8Array>()
  for (const client of clients) {
    const kind = kindOf(client)
    const packet = kind && packets[kind]
    if (!packet || isBehind(client)) continue
    if (!frames.has(kind)) frames.set(kind, chunkFrame(packet))
    client.enqueueRaw(frames.get(kind)!)
  }
}

function chunkFrame(packet: Uint8Array): Uint8Array {
  return getMessageBytes.raw(Protocol.ROOM_DATA_BYTES, CHUNK_MESSAGE, undefined, packet)
}

function isBehind(client: Client): boolean {
  const { bufferedAmount = 0 } = client.ref as { bufferedAmount?: number }
  const { _enqueuedMessages: enqueued } = client as Client & ClientPrivate
  return bufferedAmount > MAX_BUFFERED_BYTES || (enqueued?.length ?? 0) > MAX_ENQUEUED
}
