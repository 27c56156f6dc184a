import { SoraError } from './errors.ts'
import { IN_WORDS, z } from './zod.ts'

/** Version of the package format; see docs/model-package.md. */
export const MANIFEST_VERSION = 1

/** A memory of this size takes 27 MB per world. */
const MAX_POINTS = 2 ** 20
/** Of one view of a world memory: red, green, blue, known, inverse depth, age. */
const VIEW_CHANNELS = 6
/** What the camera of a world memory moves by. */
const MEMORY_FIELDS = ['right', 'up', 'forward', 'onGround']

const binding = z.enum(['hold', 'press', 'axis', 'pointer', 'wheel'])
const count = z.int().check(z.positive())
const guidanceScale = z.number().check(z.gte(1), z.lte(20))

const sizeSchema = z.object({ width: count, height: count, latentWidth: count, latentHeight: count })

const fileNames = z.object({ encoder: z.string(), decoder: z.string(), text: z.string(), denoiser: z.string() })

/** Of the package folder itself: a graph must not pull in what lies elsewhere. */
const plainFileName = z
  .string()
  .check(z.regex(/^(?!\.{1,2}$)[^/\\:\0]+$/, 'is not the name of a file in the package folder'))

const captionerSchema = z.object({ file: z.string(), maxChunks: count, length: count })
const policySchema = z.object({
  file: z.string(),
  maxChunks: count,
  cameraBins: z.array(z.number().check(z.gte(-1), z.lte(1))).check(z.minLength(2)),
})

const manifestSchema = z.object({
  manifestVersion: z.literal(MANIFEST_VERSION),
  name: z.string().check(z.minLength(1), z.maxLength(64)),
  version: z.string().check(z.minLength(1), z.maxLength(32)),
  licence: z.string(),
  frames: z.object({ perSecond: z.number().check(z.positive()), perChunk: count }),
  sizes: z.array(sizeSchema).check(z.minLength(1)),
  latent: z.object({
    channels: count,
    depthChannels: z.optional(count),
    wire: z.object({ clip: z.number().check(z.positive()) }),
  }),
  actionSpace: z.object({
    buttons: z.array(z.object({ name: z.string(), binding })).check(z.maxLength(64)),
    axes: z
      .array(z.object({ name: z.string(), binding, unit: z.string(), max: z.number().check(z.positive()) }))
      .check(z.maxLength(16)),
  }),
  denoiser: z.object({
    contextChunks: count,
    tokensPerChunk: z.object({ fixed: z.int().check(z.nonnegative()), perLatentCell: count }),
    layers: count,
    heads: count,
    headDim: count,
    timePeriod: count,
    steps: z.object({
      default: count,
      allowed: z.array(count).check(z.minLength(1)),
      max: count,
      first: z.optional(count),
    }),
    contextNoise: z.number().check(z.gte(0), z.lte(1)),
    guidance: z.optional(z.object({ scale: guidanceScale, chunks: count, later: z.optional(guidanceScale) })),
  }),
  decoder: z.object({ stateChannels: count, depthScale: count }),
  text: z.object({
    length: count,
    queryTokens: count,
    width: count,
    pooledWidth: count,
    tokenizer: z.object({
      kind: z.literal('words'),
      words: z.array(z.string()).check(z.minLength(1)),
      hashBuckets: count,
    }),
  }),
  pose: z.nullable(z.object({ fields: z.array(z.string()).check(z.minLength(1)) })),
  outputs: z.array(z.enum(['rgb', 'depth', 'pose'])),
  memory: z.nullish(
    z.object({
      scale: count,
      channels: count,
      maxPoints: count.check(z.lte(MAX_POINTS)),
      fusion: z.optional(z.string()),
    }),
  ),
  camera: z.object({ verticalFovDegrees: z.number().check(z.positive(), z.lte(179)) }),
  readers: z.nullish(z.object({ captioner: z.optional(captionerSchema), policy: z.optional(policySchema) })),
  variants: z.record(z.string(), fileNames),
  files: z.record(z.string(), z.object({ sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)), bytes: count })),
  externalWeights: z.nullish(z.record(z.string(), z.array(plainFileName).check(z.minLength(1)))),
  training: z.looseObject({ tier: z.string(), summary: z.string() }),
})

export type ModelManifest = z.infer<typeof manifestSchema>
export type FrameSize = z.infer<typeof sizeSchema>
export type GraphName = keyof z.infer<typeof fileNames>

/**
 * Reads a manifest once, at the door.
 *
 * @throws SoraError `model-version` for another format, `model-invalid` naming the first field that is wrong
 */
export function parseManifest(json: unknown): ModelManifest {
  const version = (json as { manifestVersion?: unknown } | null)?.manifestVersion
  if (version !== MANIFEST_VERSION) {
    throw new SoraError(
      'model-version',
      `manifest version ${JSON.stringify(version)} is not supported; this build reads version ${MANIFEST_VERSION}`,
    )
  }
  const parsed = manifestSchema.safeParse(json, IN_WORDS)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new SoraError('model-invalid', `manifest field "${issue?.path.join('.')}": ${issue?.message}`)
  }
  checkVariants(parsed.data)
  checkDepthChannels(parsed.data)
  checkMemory(parsed.data)
  checkReaders(parsed.data)
  checkExternalWeights(parsed.data)
  return parsed.data
}

function checkVariants(manifest: ModelManifest): void {
  for (const [variant, graphs] of Object.entries(manifest.variants)) {
    for (const [graph, file] of Object.entries(graphs)) {
      if (!manifest.files[file]) {
        throw new SoraError('model-invalid', `variant "${variant}" names "${file}" for its ${graph}, which has no hash`)
      }
    }
  }
}

function checkDepthChannels({ latent, outputs }: ModelManifest): void {
  const { channels, depthChannels } = latent
  if (depthChannels === undefined) return
  const refuse = (reason: string) => {
    throw new SoraError('model-invalid', `manifest field "latent.depthChannels": ${reason}`)
  }
  if (depthChannels >= channels) refuse(`${depthChannels} of ${channels} channels leave none for the picture`)
  if (!outputs.includes('depth')) refuse('needs "depth" in "outputs"')
}

function checkMemory({ memory, latent, pose, outputs, sizes, frames, files }: ModelManifest): void {
  if (!memory) return
  const refuse = (reason: string) => {
    throw new SoraError('model-invalid', `manifest field "memory": ${reason}`)
  }
  for (const output of ['pose', 'depth'] as const) {
    if (!outputs.includes(output)) refuse(`needs "${output}" in "outputs"`)
  }
  if (memory.fusion !== undefined) {
    if (!files[memory.fusion]) refuse(`"${memory.fusion}" has no hash`)
    if (latent.depthChannels === undefined) refuse('"fusion" needs "latent.depthChannels"')
  }
  const missing = MEMORY_FIELDS.find((field) => !pose?.fields.includes(field))
  if (missing) refuse(`needs "${missing}" in "pose.fields"`)
  const channels = VIEW_CHANNELS * frames.perChunk
  if (memory.channels !== channels) {
    refuse(
      `"channels" is ${memory.channels}; a view of ${VIEW_CHANNELS} for each of ${frames.perChunk} frames is ${channels}`,
    )
  }
  for (const { width, height } of sizes) {
    if (width % memory.scale || height % memory.scale)
      refuse(`scale ${memory.scale} does not divide ${width}x${height}`)
    const pixels = (width * height) / memory.scale ** 2
    if (pixels > memory.maxPoints)
      refuse(`maxPoints ${memory.maxPoints} are fewer than one frame of ${width}x${height} has`)
  }
}

function checkReaders({ readers, files }: ModelManifest): void {
  for (const [name, reader] of Object.entries(readers ?? {})) {
    if (reader && !files[reader.file]) {
      throw new SoraError('model-invalid', `manifest field "readers.${name}": "${reader.file}" has no hash`)
    }
  }
  const bins = readers?.policy?.cameraBins ?? []
  if (bins.some((bin, i) => i > 0 && bin <= bins[i - 1]!)) {
    throw new SoraError('model-invalid', 'manifest field "readers.policy.cameraBins": the bins do not rise')
  }
}

function checkExternalWeights({ externalWeights, files }: ModelManifest): void {
  for (const [graph, weights] of Object.entries(externalWeights ?? {})) {
    const refuse = (reason: string) => {
      throw new SoraError('model-invalid', `manifest field "externalWeights.${graph}": ${reason}`)
    }
    const unlisted = [graph, ...weights].find((file) => !Object.hasOwn(files, file))
    if (unlisted !== undefined) refuse(`"${unlisted}" has no hash`)
    if (weights.includes(graph)) refuse('a graph cannot be its own weights')
  }
}

/** Tokens of one chunk (N) at a size. */
export function tokensPerChunk(manifest: ModelManifest, size: FrameSize): number {
  const { fixed, perLatentCell } = manifest.denoiser.tokensPerChunk
  return fixed + perLatentCell * size.latentWidth * size.latentHeight
}

/** Files in which a graph of the package keeps its weights; none when they are in the graph itself. */
export function weightsFiles({ externalWeights }: ModelManifest, graph: string): readonly string[] {
  return externalWeights && Object.hasOwn(externalWeights, graph) ? externalWeights[graph]! : []
}

/** Milliseconds of world that one chunk covers. */
export function chunkDurationMs(manifest: ModelManifest): number {
  return (1000 * manifest.frames.perChunk) / manifest.frames.perSecond
}
