/** A policy plays in a generated world; videos of it, with what it did, go to a folder. No server is needed. */
import { parseArgs } from 'node:util'
import { distanceFromStart, runPolicy } from '@sora-world/sdk/agent'
import { createEnv, record } from '@sora-world/server'
import { wanderer } from './wanderer.js'

const { values } = parseArgs({
  options: {
    prompt: { type: 'string', default: 'a grassy plain with trees on a clear day' },
    seconds: { type: 'string', default: '8' },
    episodes: { type: 'string', default: '2' },
    out: { type: 'string', default: 'out' },
  },
})

console.log('loading the model ...')
const env = await createEnv({
  prompt: values.prompt,
  timeLimit: Number(values.seconds),
  reward: distanceFromStart(),
})
const recording = await record(env, values.out, { scale: 4 })
const report = await runPolicy(env, wanderer, { episodes: Number(values.episodes), rngSeed: 1 })
const { episodes, contactSheet } = await recording.finish()
await env.close()

for (const [index, { reward, steps }] of report.episodes.entries()) {
  console.log(`${episodes[index]?.video}: ${steps} steps, ${reward.toFixed(1)} blocks away from where it began`)
}
console.log(`${contactSheet}; ${report.realtimeFactor.toFixed(1)} times as fast as real time`)
