import { matchMaker } from '@colyseus/core'
import {
  type ForkReply,
  PROTOCOL_VERSION,
  parseRefusal,
  ROOM_NAME,
  type SnapshotReply,
  toSoraError,
} from '@sora-world/sdk/protocol'
import type { RolloutSession } from '../session/rollout-session.ts'
import { writeWorld } from '../worlds/world-file.ts'
import type { WorldShelf } from '../worlds/world-shelf.ts'

/** Puts a session's world on the shelf as it is. @throws SoraError `world-invalid` when its file would be too large */
export async function keepWorld(session: RolloutSession, shelf: WorldShelf): Promise<SnapshotReply> {
  const value = await session.snapshot(new Date())
  const bytes = await writeWorld(value)
  return { id: shelf.put({ bytes, value }), bytes: bytes.length }
}

/**
 * Opens rooms that go on with a session's world from this moment.
 *
 * @throws SoraError as {@link keepWorld}; what a full server refuses with. Rooms that were opened by then close by
 *   themselves
 */
export async function forkWorld(session: RolloutSession, shelf: WorldShelf, count: number): Promise<ForkReply> {
  const { id: snapshot } = await keepWorld(session, shelf)
  const rooms: string[] = []
  for (let i = 0; i < count; i++) {
    rooms.push(await openRoom(snapshot))
  }
  return { rooms }
}

async function openRoom(snapshot: string): Promise<string> {
  try {
    return (await matchMaker.createRoom(ROOM_NAME, { protocol: PROTOCOL_VERSION, snapshot })).roomId
  } catch (thrown) {
    // A room refuses in words, see `refusal`.
    throw parseRefusal(toSoraError(thrown).message) ?? thrown
  }
}
