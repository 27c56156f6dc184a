/**
 * Makes the pictures of the menu's presets: what the model that ships shows after the first second of each world, standing
 * still. Run again when the model changes: `npm run pictures -w @sora-world/example-play`.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { PRESETS, type Preset } from './src/presets.ts'

const CLI = join(import.meta.dirname, '../../packages/server/src/cli.ts')
const FOLDER = join(import.meta.dirname, 'src/presets')
const SIZE = { width: 256, height: 160 }
const QUALITY = 72
const run = promisify(execFile)

const folder = await mkdtemp(join(tmpdir(), 'sora-presets-'))
const actions = join(folder, 'still.json')
await writeFile(actions, JSON.stringify([{ frames: 20, held: [] }]))
for (const preset of PRESETS) console.log(`${preset.picture}: ${await makePicture(preset)} bytes`)
await rm(folder, { recursive: true })

async function makePicture({ prompt, rngSeed, picture }: Preset): Promise<number> {
  const frame = join(folder, `${picture}.png`)
  const world = ['--prompt', prompt, '--rng-seed', String(rngSeed), '--seconds', '1', '--actions', actions]
  await run(process.execPath, ['--conditions=@sora/source', CLI, 'generate', ...world, '--scale', '1', '--out', frame])
  const small = sharp(frame)
    .resize({ ...SIZE, kernel: 'cubic' })
    .webp({ quality: QUALITY })
  return (await small.toFile(join(FOLDER, `${picture}.webp`))).size
}
