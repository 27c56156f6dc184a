import { matchMaker } from '@colyseus/core'
import { PROTOCOL_VERSION, ROOM_NAME, toSoraError } from '@sora-world/sdk/protocol'
import { takeUp } from '../worlds/take-up.ts'
import { writeWorld } from '../worlds/world-file.ts'
import type { WorldHost } from './world-host.ts'

/**
 * Opens the rooms again whose worlds are in the store, under the ids that they had; as many as fit, newest first. A world
 * that cannot be taken up is told of in the log and stays in the store.
 */
export async function reopenWorlds(host: WorldHost, log: (line: string) => void): Promise<void> {
  try {
    for (const roomId of host.store?.list().slice(0, host.settings.maxRooms) ?? []) await reopen(host, roomId, log)
  } catch (thrown) {
    log(`the store of worlds cannot be read: ${toSoraError(thrown).message}`)
  }
}

async function reopen(host: WorldHost, roomId: string, log: (line: string) => void): Promise<void> {
  try {
    const stored = host.store!.load(roomId)
    if (!stored) return
    const value = await takeUp(stored, host.manifest)
    const snapshot = host.shelf.put({ bytes: await writeWorld(value), value })
    host.reopening.set(snapshot, { roomId, world: stored.world })
    await matchMaker.createRoom(ROOM_NAME, { protocol: PROTOCOL_VERSION, snapshot })
    host.reopening.delete(snapshot)
  } catch (thrown) {
    const { code, message } = toSoraError(thrown)
    log(`the world of room ${roomId} was not taken up again (${code}): ${message}`)
  }
}
