/**
 * A policy that plays in a room while a person watches. Start a server with `npm start`, then
 *
 *     npm run example:together           # an address and a number of seconds may follow
 *
 * and open the link it prints: there one sees what the policy does, can take over the controls, and hand them back.
 */
import { explorer, RoomBackend, runPolicy, WorldEnv } from '@sora-world/sdk'

const [url = 'http://localhost:2567', seconds = '60'] = process.argv.slice(2)

const backend = await RoomBackend.connect(url)
const env = new WorldEnv(backend, { prompt: 'a snowy forest by day', timeLimit: Number(seconds) })
console.log(`watch at ${url}/?room=${backend.client.roomId}`)

let driver = ''
const report = await runPolicy(env, explorer(), {
  onStep: ({ result }) => {
    if (result.observation.driver === driver) return
    driver = result.observation.driver
    console.log(driver === '' ? 'the policy drives' : 'a person drives')
  },
})
const [{ steps, overriddenSteps } = { steps: 0, overriddenSteps: 0 }] = report.episodes
console.log(`${steps} steps, ${overriddenSteps} of them driven by a person`)
await env.close()
// The decoder's threads would keep the process alive.
process.exit(0)
