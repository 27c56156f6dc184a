import { type Client, getMessageBytes, Protocol } from '@colyseus/core'
import { CHUNK_MESSAGE } from '@sora-world/sdk/protocol'
import type { Downlink } from '../session/chunk-stream.ts'
import { isBehind } from './backlog.ts'

/**
 * Sends one chunk to each client in the kind it wants; every frame is put together once. A client that is behind loses
 * the chunk and sees so by the sequence numbers.
 */
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
