import type { WorldClient } from '@sora-world/sdk'

/**
 * Stops the world while its only player does not look: generation costs a processor.
 *
 * A shared world goes on: whoever else is in the room may be looking, and may take over the controls.
 * Returns the function that stops the watching.
 */
export function pauseWhenHidden(world: WorldClient): () => void {
  let hasPaused = false
  const apply = () => {
    const shouldPause = document.hidden && world.isDriver && world.room.players <= 1
    if (shouldPause === hasPaused) return
    hasPaused = shouldPause
    world.pause(shouldPause)
  }
  document.addEventListener('visibilitychange', apply)
  const stopRoom = world.on('room', apply)
  return () => {
    document.removeEventListener('visibilitychange', apply)
    stopRoom()
  }
}
