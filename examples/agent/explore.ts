/**
 * A policy that explores two worlds without a server and records them; then two branches of one moment are compared.
 *
 *     npm run example:explore            # into test/output/agent; another folder and model may follow
 */
import { distanceFromStart, openView, policyOf, runPolicy, scripted } from '@sora-world/sdk/agent'
import { createEnv, record } from '@sora-world/server'

const [folder = 'test/output/agent', model] = process.argv.slice(2)

/** Blocks to the nearest thing in the middle row of a third of the view. */
function room(depth: { inverse: Float32Array; width: number; height: number }, third: number): number {
  const from = Math.floor((depth.width * third) / 3)
  const row = Math.floor(depth.height / 2) * depth.width
  return 1 / Math.max(...depth.inverse.slice(row + from, row + from + Math.floor(depth.width / 3)))
}

const wanderer = policyOf('wanderer', ({ depth, tick }, { maxTurn }) => {
  if (!depth) return { forward: true }
  const [left, ahead, right] = [room(depth, 0), room(depth, 1), room(depth, 2)]
  if (ahead > 3) return { forward: true, camera: { yaw: 6 * Math.sin(tick / 20) } }
  return { jump: ahead > 1, camera: { yaw: left > right ? -maxTurn.yaw : maxTurn.yaw } }
})

const env = await createEnv({ model, timeLimit: 10, reward: distanceFromStart() })
const recording = await record(env, folder)
const report = await runPolicy(env, wanderer, { episodes: 2, rngSeed: 1 })
const { episodes, contactSheet } = await recording.finish()
for (const [index, { reward }] of report.episodes.entries()) {
  console.log(`${episodes[index]?.video}: ${reward.toFixed(1)} blocks away from where it began`)
}
console.log(`${contactSheet}, ${report.realtimeFactor.toFixed(1)} times real time`)
await env.close()

// Two branches of one moment: the same world until they turn.
const trunk = await createEnv({ model, reward: openView() })
await runPolicy(trunk, scripted('walk forward 4 seconds'), { rngSeed: 1, maxSteps: 20 })
const branches = await trunk.fork(2)
const [left, right] = await Promise.all(branches.map((branch, i) => branch.step({ camera: { yaw: i ? 30 : -30 } })))
console.log(`after 4 s, the view is more open to the ${left!.reward > right!.reward ? 'left' : 'right'}`)
