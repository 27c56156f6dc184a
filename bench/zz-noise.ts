import { chunkNoise } from '../packages/server/src/sampler/noise.ts'
import { hashLatent } from '../packages/server/src/worlds/hash-latent.ts'
const manifest = JSON.parse((await import('node:fs')).readFileSync('/work/main/assets/nano/manifest.json', 'utf8'))
const n = manifest.latent.channels * manifest.sizes[0].latentHeight * manifest.sizes[0].latentWidth
let h = 0
for (let r = 0; r < 4; r++) { const a = process.cpuUsage(); for (let i = 0; i < 300; i++) h ^= hashLatent(chunkNoise(7, i, 'initial', n)); console.log(n, process.cpuUsage(a).user / 300e3, h) }
