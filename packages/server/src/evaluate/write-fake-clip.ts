import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import type { Clip } from './clip.ts'

const UNITS = 8192
const KEYS: Readonly<Record<string, string>> = { forward: 'key.keyboard.w', jump: 'key.keyboard.space' }

/** Writes a clip as training does (`world/evaluation_files.py`), so far as tests need it. */
export async function writeFakeClip(dir: string, clip: Clip): Promise<void> {
  const { name, scenario, width, height, frames, framesPerSecond } = clip
  const half = Math.ceil(frames / 2)
  const sheets = [
    { file: `${name}.0.webp`, frames: half },
    { file: `${name}.1.webp`, frames: frames - half },
  ]
  const bytes = width * height * 3
  await writeSheet(join(dir, sheets[0]!.file), clip.rgb.subarray(0, half * bytes), clip)
  await writeSheet(join(dir, sheets[1]!.file), clip.rgb.subarray(half * bytes), clip)
  const units = Uint16Array.from(clip.depth.inverse, (value) => Math.round(value * UNITS))
  await sharp(units, { raw: { width: clip.depth.columns, height: clip.depth.rows * frames, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toFile(join(dir, `${name}.depth.png`))
  const lines = clip.actions.map((_, t) => JSON.stringify(lineOf(clip, t)))
  await writeFile(join(dir, `${name}.jsonl`), `${lines.join('\n')}\n`)
  const depth = { file: `${name}.depth.png`, cell: height / clip.depth.rows, unitsPerInverseBlock: UNITS }
  const header = { clipVersion: 1, scenario, width, height, frames, framesPerSecond, sheets, depth }
  await writeFile(join(dir, `${name}.json`), JSON.stringify(header))
}

function writeSheet(path: string, rgb: Uint8Array, { width, height }: Clip) {
  const rows = rgb.length / (width * 3)
  if (rows % height !== 0) throw new Error('a sheet holds whole frames')
  return sharp(rgb, { raw: { width, height: rows, channels: 3 } })
    .webp({ lossless: true, effort: 0 })
    .toFile(path)
}

/** Beside frame t stands the action that leads into frame t + 1. */
function lineOf(clip: Clip, t: number) {
  const { held, axes } = clip.actions[t + 1] ?? { held: [], axes: {} }
  return {
    mouse: {
      dx: axes['camera.yaw'] ?? 0,
      dy: axes['camera.pitch'] ?? 0,
      unit: 'degrees',
      buttons: held.includes('attack') ? [0] : [],
    },
    keyboard: { keys: held.flatMap((name) => KEYS[name] ?? []) },
    hotbar: 0,
    isGuiOpen: false,
    pose: clip.pose[t],
    caption: clip.captions[t],
    motion: clip.motion[t],
    attributes: clip.attributes[t],
  }
}
