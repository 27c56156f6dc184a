import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { encodeAction, parseManifest } from '@sora-world/sdk/protocol'
import { memorySettings } from '/work/main/packages/server/src/memory/memory-settings.ts'
import { WorldMemory } from '/work/main/packages/server/src/memory/world-memory.ts'
const manifest = JSON.parse(readFileSync('/work/main/assets/nano/manifest.json', 'utf8'))
const s = memorySettings(manifest, manifest.sizes[0])!
const rec = JSON.parse(readFileSync('/tmp/rec.json', 'utf8'))
const w = manifest.actionSpace.buttons.length + manifest.actionSpace.axes.length
const chunks = rec.map((r: any) => { const a = new Float32Array(4 * w); r.actions.forEach((x: any, f: number) => encodeAction(manifest.actionSpace, x, a, f * w)); const d = Buffer.from(r.depth, 'base64'); return { index: r.index, actions: a, pose: Float32Array.from(r.pose), frames: new Uint8Array(Buffer.from(r.frames, 'base64')), inverseDepth: new Float32Array(Uint8Array.from(d).buffer) } })
const h = createHash('sha256')
const t: number[][] = [[], [], []]
for (let rep = 0; rep < 8; rep++) {
  let m = new WorldMemory(s)
  for (const c of chunks) {
    if (c.index % 32 === 0 && c.index) { const t0 = performance.now(); const b = m.serialise(); m = WorldMemory.restore(s, b); t[2]!.push(performance.now() - t0); if (!rep) h.update(b) }
    const t0 = performance.now()
    const im = m.imageBefore(c.index, c.actions)
    const t1 = performance.now()
    m.observe(c)
    const t2 = performance.now()
    if (rep) { t[0]!.push(t1 - t0); t[1]!.push(t2 - t1) }
    if (!rep) h.update(new Uint8Array(im.buffer))
  }
  if (!rep) { h.update(JSON.stringify(m.place)); console.log('points', m.points.length) }
}
const med = (x: number[]) => x.sort((a, b) => a - b)[x.length >> 1]!.toFixed(3)+' p10 '+x[Math.floor(x.length*.1)]!.toFixed(3)
console.log('image', med(t[0]!), 'observe', med(t[1]!), 'mark', med(t[2]!), h.digest('hex').slice(0, 16))
