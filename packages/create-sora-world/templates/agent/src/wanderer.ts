import { policyOf } from '@sora-world/sdk/agent'

/** Blocks in front of which it turns. */
const TOO_NEAR = 3

interface Depth {
  /** [height, width] in 1/blocks, 0 = sky */
  inverse: Float32Array
  width: number
  height: number
}

/** Blocks to the nearest thing in the middle row of a third of the view: 0 left, 1 ahead, 2 right. */
function room({ inverse, width, height }: Depth, third: number): number {
  const row = Math.floor(height / 2) * width
  const from = row + Math.floor((width * third) / 3)
  return 1 / Math.max(...inverse.slice(from, from + Math.floor(width / 3)))
}

/** Walks where there is room and turns to the more open side where there is none. */
export const wanderer = policyOf('wanderer', ({ depth, tick }, { maxTurn }) => {
  if (!depth) return { forward: true }
  const [left, ahead, right] = [room(depth, 0), room(depth, 1), room(depth, 2)]
  if (ahead > TOO_NEAR) return { forward: true, camera: { yaw: 6 * Math.sin(tick / 20) } }
  return { jump: ahead > 1, camera: { yaw: left > right ? -maxTurn.yaw : maxTurn.yaw } }
})
