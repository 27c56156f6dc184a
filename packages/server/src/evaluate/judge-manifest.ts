import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { SoraError } from '@sora-world/sdk/protocol'
import { z } from 'zod'

const names = z.array(z.string()).min(1)
const count = z.int().positive()

const judgeManifestSchema = z.looseObject({
  manifestVersion: z.literal(1),
  version: z.string(),
  /** By id. */
  blocks: names,
  biomes: names,
  times: names,
  weathers: names,
  keys: names,
  /** Consecutive frames that the dynamics judge sees at once. */
  frames: count.min(2),
  /** Picture pixels per judged cell. */
  scale: count,
  featureWidth: count,
  /** Picture heights it was trained on, in pixels. */
  heights: z.array(count).min(1),
  files: z.record(z.string(), z.looseObject({ sha256: z.string() })),
})

export type JudgeManifest = z.infer<typeof judgeManifestSchema>

/** @throws SoraError `model-missing` when there are no judges, `model-invalid` naming the field that is wrong */
export async function readJudgeManifest(dir: string): Promise<JudgeManifest> {
  const path = join(dir, 'manifest.json')
  const text = (await readJudgeFile(path)).toString('utf8')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new SoraError('model-invalid', `${path} is not JSON: ${(cause as Error).message}`, { cause })
  }
  const parsed = judgeManifestSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new SoraError('model-invalid', `${path}, field "${issue?.path.join('.')}": ${issue?.message}`)
}

/** @throws SoraError `model-missing` or `model-tampered` naming the file */
export async function readJudgeGraph(dir: string, manifest: JudgeManifest, file: string): Promise<Uint8Array> {
  const expected = manifest.files[basename(file)]?.sha256
  if (expected === undefined) throw new SoraError('model-invalid', `the judges in ${dir} have no hash for ${file}`)
  const bytes = await readJudgeFile(join(dir, file))
  const found = createHash('sha256').update(bytes).digest('hex')
  if (found !== expected) {
    throw new SoraError('model-tampered', `${join(dir, file)} is not the file its manifest describes`)
  }
  return bytes
}

async function readJudgeFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new SoraError('model-missing', `${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
}
