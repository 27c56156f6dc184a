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

import { axes, focal } from '../packages/server/src/memory/camera.ts'
let vis=0, px=0, n=0, views=0; const hist: any = {}
for (const [mm, poses] of states) { const cnt = v.findSeen(mm.points.arrays, poses); for (const p of poses) { views++; n+=cnt
 const f = focal(s.height, s.verticalFovDegrees); const { right, up, forward } = axes(p)
 for (let k=0;k<cnt;k++) { const q = mm.points.at(v['seenList'][k]); const dx=q.x-p.x, dy=q.y-p.y, dz=q.z-p.z; const z=dx*forward[0]+dy*forward[1]+dz*forward[2]; if (!(z>.1)) continue; const x=(dx*right[0]+dy*right[1]+dz*right[2])/z*f+s.width/2, y=s.height/2-(dx*up[0]+dy*up[1]+dz*up[2])/z*f
 const half=Math.max(.5,Math.min(1.7,q.spacing*f/z/2))+.15; const c=Math.min(s.width-1,Math.floor(x+half-.5))-Math.max(0,Math.ceil(x-half-.5))+1, r=Math.min(s.height-1,Math.floor(y+half-.5))-Math.max(0,Math.ceil(y-half-.5))+1; if(c>0&&r>0){vis++; px+=c*r; hist[c+'x'+r]=(hist[c+'x'+r]??0)+1} } } }
console.log('per view: candidates', n/views, 'visible', vis/views, 'pixels', px/views, hist)
