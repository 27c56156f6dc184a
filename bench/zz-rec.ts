import { writeFileSync } from 'node:fs'
import { openModel } from '/work/main/packages/server/src/model/open-model.ts'
import { inProcessBackend } from '/work/main/packages/server/src/env/in-process-backend.ts'
const model = await openModel({ provider: 'cpu', variant: 'auto', threads: 0 } as any)
const b = await inProcessBackend({ model })
const out: any[] = []
let [c] = await b.reset([{ world: 0, prompt: 'a forest', rngSeed: 3 }])
const enc = (i: number) => Array.from({ length: 4 }, (_, f) => ({ held: i % 40 < 25 ? ['forward'] : i % 7 === 0 ? ['jump', 'left'] : [], axes: { 'camera.yaw': i % 40 < 20 ? 1 : ((i * 7 + f) % 13) - 6, 'camera.pitch': ((i * 3 + f) % 5) - 2 } }))
for (let i = 0; i < 150; i++) {
  const e = c!
  out.push({ index: e.index, actions: e.actions, pose: e.pose, frames: Buffer.from(e.frames).toString('base64'), depth: Buffer.from(e.inverseDepth!.buffer, e.inverseDepth!.byteOffset, e.inverseDepth!.byteLength).toString('base64') })
  ;[c] = await b.advance([{ world: 0, actions: enc(i) }])
}
writeFileSync('/tmp/rec.json', JSON.stringify(out))
process.exit(0)
