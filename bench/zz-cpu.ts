import { readFileSync } from 'node:fs'
import { encodeAction } from '@sora-world/sdk/protocol'
import { memorySettings } from '../packages/server/src/memory/memory-settings.ts'
import { WorldMemory } from '../packages/server/src/memory/world-memory.ts'
import { shownFrame } from '../packages/server/src/memory/shown-frame.ts'
const manifest = JSON.parse(readFileSync('/work/main/assets/nano/manifest.json', 'utf8'))
const s = memorySettings(manifest, manifest.sizes[0])!
const rec = JSON.parse(readFileSync('/tmp/rec.json', 'utf8'))
const w = manifest.actionSpace.buttons.length + manifest.actionSpace.axes.length
const chunks = rec.map((r: any) => { const a = new Float32Array(4 * w); r.actions.forEach((x: any, f: number) => encodeAction(manifest.actionSpace, x, a, f * w)); const d = Buffer.from(r.depth, 'base64'); return { index: r.index, actions: a, pose: Float32Array.from(r.pose), frames: new Uint8Array(Buffer.from(r.frames, 'base64')), inverseDepth: new Float32Array(Uint8Array.from(d).buffer) } })
const cpu = (n: number, f: () => void) => { f(); const a = process.cpuUsage(); for (let i = 0; i < n; i++) f(); return process.cpuUsage(a).user / 1000 / n }
let m = new WorldMemory(s)
const states: [WorldMemory, any][] = []
for (const c of chunks) { if (c.index % 10 === 9) states.push([m.clone(), c]); m.observe(c) }
for (let r = 0; r < 3; r++) {
const all = states.map(([mm, c]) => cpu(30, () => mm.imageBefore(c.index, c.actions)))
const sh = states.map(([mm, c]) => cpu(30, () => shownFrame(c.frames.subarray(c.frames.length * 3 / 4), c.inverseDepth.subarray(c.inverseDepth.length * 3 / 4), s)))
const ob = states.map(([mm, c]) => { const cl = Array.from({ length: 12 }, () => mm.clone()); let i = 0; return cpu(11, () => cl[i++]!.observe(c)) })
const ser = states.slice(0, 5).map(([mm]) => cpu(3, () => { WorldMemory.restore(s, mm.serialise()) }))
const mean = (x: number[]) => (x.reduce((a, b) => a + b) / x.length).toFixed(3)
console.log('cpu ms: image', mean(all), 'shown', mean(sh), 'observe', mean(ob), 'mark', mean(ser))
}
