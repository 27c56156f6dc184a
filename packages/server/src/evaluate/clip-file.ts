import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Action, LIMITS, NO_ACTION, SoraError } from '@sora-world/sdk/protocol'
import sharp from 'sharp'
import { z } from 'zod'
import type { Clip, DepthTrack } from './clip.ts'

/** Version of the layout on disk; see docs/evaluation.md. */
const CLIP_VERSION = 1

const MAX_FRAMES = 20_000
const MAX_SIDE = 1024
/** Of all frames together: 400 MB once read. */
const MAX_PIXELS = 2 ** 27
const MAX_TEXT_BYTES = 32 * 2 ** 20
const MAX_PICTURE_BYTES = 256 * 2 ** 20

const count = (max: number) => z.int().positive().max(max)
const fileName = z.string().refine((name) => basename(name) === name && !name.includes('\\'), 'leaves the folder')

const headerSchema = z.object({
  clipVersion: z.literal(CLIP_VERSION),
  scenario: z.string().max(64),
  width: count(MAX_SIDE),
  height: count(MAX_SIDE),
  frames: count(MAX_FRAMES),
  framesPerSecond: z.number().positive(),
  sheets: z.array(z.object({ file: fileName, frames: count(MAX_FRAMES) })).min(1),
  depth: z.object({ file: fileName, cell: count(MAX_SIDE), unitsPerInverseBlock: z.number().positive() }),
})
type Header = z.infer<typeof headerSchema>

const lineSchema = z.object({
  mouse: z.object({ dx: z.number(), dy: z.number(), unit: z.literal('degrees'), buttons: z.array(z.int()).max(8) }),
  keyboard: z.object({ keys: z.array(z.string()).max(64) }),
  pose: z.array(z.number()).length(5),
  motion: z.array(z.number()).length(6),
  caption: z.string().max(LIMITS.promptLength),
  attributes: z.object({ biome: z.string(), time: z.string(), weather: z.string() }),
})
type Line = z.infer<typeof lineSchema>

/** VPT's names of keys and mouse buttons; a key that means nothing here is no action. */
const BUTTON_OF_KEY: Readonly<Record<string, string>> = {
  'key.keyboard.w': 'forward',
  'key.keyboard.s': 'back',
  'key.keyboard.a': 'left',
  'key.keyboard.d': 'right',
  'key.keyboard.space': 'jump',
  'key.keyboard.left.shift': 'sneak',
  'key.keyboard.left.control': 'sprint',
  'key.keyboard.q': 'drop',
  ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`key.keyboard.${i + 1}`, `hotbar.${i + 1}`])),
}
const MOUSE_BUTTONS = ['attack', 'use']

/**
 * Reads one clip, `path` being its `NAME.json`.
 *
 * @throws SoraError `clip-invalid` naming the file and what is wrong with it
 */
export async function readClip(path: string): Promise<Clip> {
  const header = parse(path, headerSchema, parseJson(path, await readText(path)))
  const { scenario, width, height, frames, framesPerSecond } = header
  if (header.sheets.reduce((sum, sheet) => sum + sheet.frames, 0) !== frames) {
    throw invalid(path, `its sheets do not hold ${frames} frames in all`)
  }
  if (width * height * frames > MAX_PIXELS) throw invalid(path, `it has more than ${MAX_PIXELS} pixels in all`)
  const lines = await readLines(path.replace(/\.json$/, '.jsonl'), frames)
  return {
    name: basename(path, '.json'),
    scenario,
    width,
    height,
    frames,
    framesPerSecond,
    rgb: await readSheets(dirname(path), header),
    // On disk an action stands beside the frame it was taken at, here beside the one it led into.
    actions: [NO_ACTION, ...lines.slice(0, -1).map(actionOf)],
    captions: lines.map((line) => line.caption),
    pose: lines.map((line) => line.pose),
    motion: lines.map((line) => line.motion),
    attributes: lines.map((line) => line.attributes),
    depth: await readDepth(dirname(path), header),
  }
}

function actionOf(line: Line): Action {
  const keys = line.keyboard.keys.flatMap((key) => BUTTON_OF_KEY[key] ?? [])
  const buttons = line.mouse.buttons.flatMap((button) => MOUSE_BUTTONS[button] ?? [])
  return { held: [...keys, ...buttons], axes: { 'camera.yaw': line.mouse.dx, 'camera.pitch': line.mouse.dy } }
}

async function readLines(path: string, frames: number): Promise<Line[]> {
  const lines = (await readText(path)).split('\n').filter((line) => line.trim() !== '')
  if (lines.length !== frames) throw invalid(path, `it has ${lines.length} lines, not ${frames}`)
  return lines.map((line, i) => parse(`${path}, line ${i + 1}`, lineSchema, parseJson(`${path}, line ${i + 1}`, line)))
}

async function readSheets(folder: string, { sheets, width, height, frames }: Header): Promise<Uint8Array> {
  const out = new Uint8Array(frames * height * width * 3)
  let at = 0
  for (const sheet of sheets) {
    const path = join(folder, sheet.file)
    const rows = sheet.frames * height
    out.set(await readPicture(path, width, rows, 'uchar'), at)
    at += rows * width * 3
  }
  return out
}

async function readDepth(folder: string, { depth, width, height, frames }: Header): Promise<DepthTrack> {
  const path = join(folder, depth.file)
  const rows = height / depth.cell
  const columns = width / depth.cell
  if (!Number.isInteger(rows) || !Number.isInteger(columns)) throw invalid(path, `cells of ${depth.cell} do not fit`)
  const bytes = await readPicture(path, columns, rows * frames, 'ushort')
  const units = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
  return { rows, columns, inverse: Float32Array.from(units, (unit) => unit / depth.unitsPerInverseBlock) }
}

/** Raw pixels: three bytes each, or one 16-bit number. */
async function readPicture(path: string, width: number, height: number, kind: 'uchar' | 'ushort'): Promise<Buffer> {
  await checkFile(path, MAX_PICTURE_BYTES)
  const open = () => sharp(path, { limitInputPixels: width * height, failOn: 'error' })
  try {
    // Reads the header only: nothing is decoded before the size is known.
    const found = await sharp(path, { limitInputPixels: false }).metadata()
    if (found.width !== width || found.height !== height || found.depth !== kind) {
      throw new Error(`it is ${found.width}x${found.height} ${found.depth}, not ${width}x${height} ${kind}`)
    }
    const picture = kind === 'uchar' ? open().removeAlpha().toColourspace('srgb') : open().toColourspace('grey16')
    const { data, info } = await picture.raw({ depth: kind }).toBuffer({ resolveWithObject: true })
    const channels = kind === 'uchar' ? 3 : 1
    if (info.channels !== channels) throw new Error(`it has ${info.channels} channels, not ${channels}`)
    return data
  } catch (cause) {
    throw invalid(path, (cause as Error).message, cause)
  }
}

async function readText(path: string): Promise<string> {
  await checkFile(path, MAX_TEXT_BYTES)
  return readFile(path, 'utf8')
}

async function checkFile(path: string, maxBytes: number): Promise<void> {
  const found = await stat(path).catch((cause: Error) => {
    throw invalid(path, cause.message, cause)
  })
  if (!found.isFile()) throw invalid(path, 'it is not a file')
  if (found.size > maxBytes) throw invalid(path, `it has ${found.size} bytes, more than ${maxBytes}`)
}

function parseJson(place: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid(place, `it is not JSON: ${(cause as Error).message}`, cause)
  }
}

function parse<T>(place: string, schema: z.ZodType<T>, json: unknown): T {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw invalid(place, `${issue?.path.join('.') || 'top'}: ${issue?.message}`)
}

function invalid(place: string, reason: string, cause?: unknown): SoraError {
  return new SoraError('clip-invalid', `clip file ${place}: ${reason}`, { cause })
}
