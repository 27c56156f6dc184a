import { noop, runPolicy } from '@sora-world/sdk/agent'
import { createEnv } from '../packages/server/src/env/create-env.ts'
import { openModel } from '../packages/server/src/model/open-model.ts'
const t = () => performance.now()
let ms = 0
const model: any = await openModel({ provider: 'cpu' } as any)
for (const name of ['denoise', 'decode', 'encodeText']) { const f = model[name].bind(model); model[name] = async (...a: any[]) => { const s = t(); try { return await f(...a) } finally { ms += t() - s } } }
import { WorldMemory } from '../packages/server/src/memory/world-memory.ts'
const P: any = WorldMemory.prototype; const X: any = { imageBefore: [], observe: [] }
if (process.env.PARTS) for (const n of ['imageBefore', 'observe']) { const f = P[n]; P[n] = function (...a: any[]) { const s = t(); const r = f.apply(this, a); X[n].push(t() - s); return r } }
const env = await createEnv({ model })
await runPolicy(env, noop(), { maxSteps: 24 })
const S: number[] = [], M: number[] = []
for (let i = 0; i < Number(process.env.STEPS ?? 200); i++) { ms = 0; const s = t(); await env.step({ forward: true, camera: { yaw: 4 } }); S.push(t() - s); M.push(ms) }
const med = (x: number[], q = .5) => [...x].sort((a, b) => a - b)[Math.floor(x.length * q)]!
const R = S.map((s, i) => s - M[i]!)
console.log('cpu step', med(S).toFixed(2), 'model', med(M).toFixed(2), 'rest', med(R).toFixed(3), 'p10', med(R,.1).toFixed(3), 'model p10', med(M,.1).toFixed(2), 'overhead', (med(R) / med(M)).toFixed(4), 'mean', (R.reduce((a, b) => a + b) / M.reduce((a, b) => a + b)).toFixed(4))
if (process.env.PARTS) console.log('image', med(X.imageBefore).toFixed(3), med(X.imageBefore,.1).toFixed(3), 'observe', med(X.observe).toFixed(3), med(X.observe,.1).toFixed(3)); { const s = t(); for (let i = 0; i < 1000; i++) t(); console.log('timer us', t() - s) }
process.exit(0)
