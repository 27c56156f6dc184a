import { readFileSync } from 'node:fs'
import { encodeAction } from '@sora-world/sdk/protocol'
import { memorySettings } from '../packages/server/src/memory/memory-settings.ts'
import { WorldMemory } from '../packages/server/src/memory/world-memory.ts'
import { PointView } from '../packages/server/src/memory/point-view.ts'
import { bodyActions, chunkPoses } from '../packages/server/src/memory/body.ts'
const manifest = JSON.parse(readFileSync('/work/main/assets/nano/manifest.json', 'utf8'))
const s = memorySettings(manifest, manifest.sizes[0])!
const rec = JSON.parse(readFileSync('/tmp/rec.json', 'utf8'))
const w = manifest.actionSpace.buttons.length + manifest.actionSpace.axes.length
const chunks = rec.map((r: any) => { const a = new Float32Array(4 * w); r.actions.forEach((x: any, f: number) => encodeAction(manifest.actionSpace, x, a, f * w)); const d = Buffer.from(r.depth, 'base64'); return { index: r.index, actions: a, pose: Float32Array.from(r.pose), frames: new Uint8Array(Buffer.from(r.frames, 'base64')), inverseDepth: new Float32Array(Uint8Array.from(d).buffer) } })
const cpu = (n: number, f: () => void) => { f(); const a = process.cpuUsage(); for (let i = 0; i < n; i++) f(); return process.cpuUsage(a).user / 1000 / n }
let m = new WorldMemory(s)
const states: any[] = []
for (const c of chunks) { if (c.index % 10 === 9) { const poses = chunkPoses(m.place.pose, m.place.motion, bodyActions(s.actionSpace, c.actions)); states.push([m.clone(), poses]) } m.observe(c) }
const v = new PointView(s) as any
const out = new Float32Array(24 * 2560)
const mean = (x: number[]) => (x.reduce((a, b) => a + b) / x.length).toFixed(3)
for (let r = 0; r < 4; r++) {
  const seen: number[] = []
  const a = states.map(([mm, poses]) => cpu(40, () => { seen.push(v.findSeen(mm.points.arrays, poses)) }))
  const b = states.map(([mm, poses]) => { const n = v.findSeen(mm.points.arrays, poses); return cpu(40, () => { for (const p of poses) v.findNearest(mm.points.arrays, n, p) }) })
  const c = states.map(([mm, poses]) => cpu(40, () => { for (let i=0;i<4;i++) v.paint(mm.points.arrays, poses[i], 200, out.subarray(i * 6 * 2560, (i + 1) * 6 * 2560)) }))
  const d = cpu(200, () => { new Float32Array(24 * 2560) })
  console.log('findSeen', mean(a), 'seen', mean(seen), 'findNearest x4', mean(b), 'paint x4', mean(c), 'alloc', d.toFixed(3))
}
