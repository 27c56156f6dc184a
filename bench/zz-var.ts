import { readFileSync } from 'node:fs'
import { encodeAction } from '@sora-world/sdk/protocol'
import { memorySettings } from '../packages/server/src/memory/memory-settings.ts'
import { WorldMemory } from '../packages/server/src/memory/world-memory.ts'
import { PointView } from '../packages/server/src/memory/point-view.ts'
import { axes, focal } from '../packages/server/src/memory/camera.ts'
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
function firstFrom(value: number): number { if (value <= 0) return 0; const whole = value | 0; return whole < value ? whole + 1 : whole }
function halfWidth(spacing: number): number { const half = spacing / 2; return (half < 0.5 ? 0.5 : half > 1.7 ? 1.7 : half) + 0.15 }
  function A(self: any, { position, spacing }: any, count: number, pose: any) { let acc = 0
    const { width, height } = s
    const { right, up, forward } = axes(pose)
    const [rightX, rightY, rightZ] = right
    const [upX, upY, upZ] = up
    const [forwardX, forwardY, forwardZ] = forward
    const { x: eyeX, y: eyeY, z: eyeZ } = pose
    const perSlope = self.F
    const widest = self.W
    const highest = self.H
    const seen = self.seen
    const winner = self.winner.fill(0)
    const nearest = self.nearest.fill(0x7fffffff)
    for (let k = 0; k < count; k++) {
      const i = seen[k]!
      const dx = position[i * 3]! - eyeX
      const dy = position[i * 3 + 1]! - eyeY
      const dz = position[i * 3 + 2]! - eyeZ
      const z = dx * forwardX + dy * forwardY + dz * forwardZ
acc += z
    }
 return acc
  }
  function B(self: any, { position, spacing }: any, count: number, pose: any) { let acc = 0
    const { width, height } = s
    const { right, up, forward } = axes(pose)
    const [rightX, rightY, rightZ] = right
    const [upX, upY, upZ] = up
    const [forwardX, forwardY, forwardZ] = forward
    const { x: eyeX, y: eyeY, z: eyeZ } = pose
    const perSlope = self.F
    const widest = self.W
    const highest = self.H
    const seen = self.seen
    const winner = self.winner.fill(0)
    const nearest = self.nearest.fill(0x7fffffff)
    for (let k = 0; k < count; k++) {
      const i = seen[k]!
      const dx = position[i * 3]! - eyeX
      const dy = position[i * 3 + 1]! - eyeY
      const dz = position[i * 3 + 2]! - eyeZ
      const z = dx * forwardX + dy * forwardY + dz * forwardZ
      if (!(z > 0.1 && z < 2 * 64)) continue
      const across = dx * rightX + dy * rightY + dz * rightZ
      if (Math.abs(across) > widest * z) continue
      const above = dx * upX + dy * upY + dz * upZ
      if (Math.abs(above) > highest * z) continue
acc += above
    }
 return acc
  }
  function C(self: any, { position, spacing }: any, count: number, pose: any) { let acc = 0
    const { width, height } = s
    const { right, up, forward } = axes(pose)
    const [rightX, rightY, rightZ] = right
    const [upX, upY, upZ] = up
    const [forwardX, forwardY, forwardZ] = forward
    const { x: eyeX, y: eyeY, z: eyeZ } = pose
    const perSlope = self.F
    const widest = self.W
    const highest = self.H
    const seen = self.seen
    const winner = self.winner.fill(0)
    const nearest = self.nearest.fill(0x7fffffff)
    for (let k = 0; k < count; k++) {
      const i = seen[k]!
      const dx = position[i * 3]! - eyeX
      const dy = position[i * 3 + 1]! - eyeY
      const dz = position[i * 3 + 2]! - eyeZ
      const z = dx * forwardX + dy * forwardY + dz * forwardZ
      if (!(z > 0.1 && z < 2 * 64)) continue
      const across = dx * rightX + dy * rightY + dz * rightZ
      if (Math.abs(across) > widest * z) continue
      const above = dx * upX + dy * upY + dz * upZ
      if (Math.abs(above) > highest * z) continue
      const scale = perSlope / z
      const half = halfWidth(spacing[i]! * scale)
      const x = across * scale + width / 2
      const y = height / 2 - above * scale
acc += x + y + half
    }
 return acc
  }
  function D(self: any, { position, spacing }: any, count: number, pose: any) { let acc = 0
    const { width, height } = s
    const { right, up, forward } = axes(pose)
    const [rightX, rightY, rightZ] = right
    const [upX, upY, upZ] = up
    const [forwardX, forwardY, forwardZ] = forward
    const { x: eyeX, y: eyeY, z: eyeZ } = pose
    const perSlope = self.F
    const widest = self.W
    const highest = self.H
    const seen = self.seen
    const winner = self.winner.fill(0)
    const nearest = self.nearest.fill(0x7fffffff)
    for (let k = 0; k < count; k++) {
      const i = seen[k]!
      const dx = position[i * 3]! - eyeX
      const dy = position[i * 3 + 1]! - eyeY
      const dz = position[i * 3 + 2]! - eyeZ
      const z = dx * forwardX + dy * forwardY + dz * forwardZ
      if (!(z > 0.1 && z < 2 * 64)) continue
      const across = dx * rightX + dy * rightY + dz * rightZ
      if (Math.abs(across) > widest * z) continue
      const above = dx * upX + dy * upY + dz * upZ
      if (Math.abs(above) > highest * z) continue
      const scale = perSlope / z
      const half = halfWidth(spacing[i]! * scale)
      const x = across * scale + width / 2
      const y = height / 2 - above * scale
      const lastX = x + half - 0.5
      const lastY = y + half - 0.5
      if (lastX < 0 || lastY < 0) continue
      const lastColumn = lastX < width ? lastX | 0 : width - 1
      const lastRow = lastY < height ? lastY | 0 : height - 1
      const firstColumn = firstFrom(x - half - 0.5)
      const firstRow = firstFrom(y - half - 0.5)
      const key = (z * 1024) | 0
acc += firstColumn + lastColumn + lastRow + key + firstRow
    }
 return acc
  }
  function E(self: any, { position, spacing }: any, count: number, pose: any) { let acc = 0
    const { width, height } = s
    const { right, up, forward } = axes(pose)
    const [rightX, rightY, rightZ] = right
    const [upX, upY, upZ] = up
    const [forwardX, forwardY, forwardZ] = forward
    const { x: eyeX, y: eyeY, z: eyeZ } = pose
    const perSlope = self.F
    const widest = self.W
    const highest = self.H
    const seen = self.seen
    const winner = self.winner.fill(0)
    const nearest = self.nearest.fill(0x7fffffff)
    for (let k = 0; k < count; k++) {
      const i = seen[k]!
      const dx = position[i * 3]! - eyeX
      const dy = position[i * 3 + 1]! - eyeY
      const dz = position[i * 3 + 2]! - eyeZ
      const z = dx * forwardX + dy * forwardY + dz * forwardZ
      if (!(z > 0.1 && z < 2 * 64)) continue
      const across = dx * rightX + dy * rightY + dz * rightZ
      if (Math.abs(across) > widest * z) continue
      const above = dx * upX + dy * upY + dz * upZ
      if (Math.abs(above) > highest * z) continue
      const scale = perSlope / z
      const half = halfWidth(spacing[i]! * scale)
      const x = across * scale + width / 2
      const y = height / 2 - above * scale
      const lastX = x + half - 0.5
      const lastY = y + half - 0.5
      if (lastX < 0 || lastY < 0) continue
      const lastColumn = lastX < width ? lastX | 0 : width - 1
      const lastRow = lastY < height ? lastY | 0 : height - 1
      const firstColumn = firstFrom(x - half - 0.5)
      const firstRow = firstFrom(y - half - 0.5)
      const key = (z * 1024) | 0
      for (let row = firstRow; row <= lastRow; row++) {
        const end = row * width + lastColumn
        for (let pixel = row * width + firstColumn; pixel <= end; pixel++) {
          // Points come oldest first: an equally near one is newer.
          if (key > nearest[pixel]!) continue
          nearest[pixel] = key
          winner[pixel] = i + 1
        }
      }

    }
 return acc
  }

const self: any = { F: focal(s.height, s.verticalFovDegrees), winner: new Int32Array(2560), nearest: new Int32Array(2560) }
self.W = (s.width / 2 + 2) / self.F; self.H = (s.height / 2 + 2) / self.F
for (let r = 0; r < 4; r++) {
 const line: string[] = []
 for (const [n, f] of Object.entries({ A, B, C, D, E })) { const T: number[] = []; for (const [mm, poses] of states) { const c = v.findSeen(mm.points.arrays, poses); self.seen = v.seenList; for (let k = 0; k < 30; k++) { const a = performance.now(); for (const p of poses) f(self, mm.points.arrays, c, p); T.push(performance.now() - a) } } T.sort((a, b) => a - b); line.push(n + ' ' + T[T.length >> 2]!.toFixed(3)) }
 console.log(line.join('  '))
}
