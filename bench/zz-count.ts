import { readFileSync } from 'node:fs'
import { encodeAction } from '@sora-world/sdk/protocol'
import { memorySettings } from '../packages/server/src/memory/memory-settings.ts'
import { WorldMemory } from '../packages/server/src/memory/world-memory.ts'
import { axes, focal } from '../packages/server/src/memory/camera.ts'
const manifest = JSON.parse(readFileSync('/work/main/assets/nano/manifest.json', 'utf8'))
const s = memorySettings(manifest, manifest.sizes[0])!
const rec = JSON.parse(readFileSync('/tmp/rec.json', 'utf8'))
const w = manifest.actionSpace.buttons.length + manifest.actionSpace.axes.length
let m = new WorldMemory(s)
for (const r of rec) { const a = new Float32Array(4 * w); r.actions.forEach((x: any, f: number) => encodeAction(manifest.actionSpace, x, a, f * w)); const d = Buffer.from(r.depth, 'base64'); m.observe({ index: r.index, actions: a, pose: Float32Array.from(r.pose), frames: new Uint8Array(Buffer.from(r.frames, 'base64')), inverseDepth: new Float32Array(Uint8Array.from(d).buffer) })
 if (r.index % 15 === 0) {
  const f = focal(s.height, s.verticalFovDegrees); const { right, up, forward } = axes(m.place.pose); const p = m.place.pose
  let z0 = 0, inn = 0
  for (let i = 0; i < m.points.length; i++) { const q = m.points.at(i); const dx = q.x - p.x, dy = q.y - p.y, dz = q.z - p.z; const z = dx * forward[0] + dy * forward[1] + dz * forward[2]; if (z > .1) { z0++; const a = dx * right[0] + dy * right[1] + dz * right[2], b = dx * up[0] + dy * up[1] + dz * up[2]; if (Math.abs(a) < (s.width / 2 + 2) / f * z && Math.abs(b) < (s.height / 2 + 2) / f * z) inn++ } }
  console.log(r.index, m.points.length, z0, inn, s.width, s.height, f)
 } }
