import { LIMITS, SoraError } from '@sora-world/sdk/protocol'
import { z } from 'zod'

/** Chunks of the longest log: an hour. */
export const MAX_LOG_CHUNKS = 18_000
const MAX_CAPTION = LIMITS.promptLength + LIMITS.eventLength * 16 + 64

const text = z.string().min(1).max(64)
const chunk = z
  .int()
  .nonnegative()
  .max(2 ** 31)
const count = z.int().nonnegative()
/** @see GuardState */
export const guardSchema = z.object({
  since: z.int().nonnegative(),
  baseline: z.number().nonnegative(),
  illness: z.number().min(0).max(1),
  patience: z.int().positive(),
})
/** No world is that large. */
const blocks = z
  .number()
  .min(-(2 ** 24))
  .max(2 ** 24)
const dimension = z.int().positive().max(4096)

/** The part of a world file that is JSON; the numbers behind it are as long as it says. */
const headerSchema = z
  .object({
    model: z.object({ name: text, version: text, manifest: z.string().regex(/^[0-9a-f]{64}$/) }),
    size: z.object({ width: dimension, height: dimension, latentWidth: dimension, latentHeight: dimension }),
    steps: z.int().positive().max(64),
    rngSeed: z.int().min(0).max(0xffffffff),
    memory: z.boolean(),
    guard: z.boolean().optional(),
    prompt: z.string().min(1).max(LIMITS.promptLength),
    events: z.array(z.string().min(1).max(LIMITS.eventLength)).max(16),
    next: chunk,
    place: z.object({ x: blocks, y: blocks, z: blocks, yaw: blocks, pitch: z.number().min(-90).max(90) }).optional(),
    createdAt: z.iso.datetime(),
    log: z.object({
      first: chunk,
      count: count.max(MAX_LOG_CHUNKS),
      captions: z.array(z.object({ chunk, value: z.string().max(MAX_CAPTION) })).max(MAX_LOG_CHUNKS),
      makers: z
        .array(z.object({ chunk, value: z.object({ provider: z.string().max(64), variant: z.string().max(64) }) }))
        .max(1000),
    }),
    /** Chunks of the history; numbers of the actions [F,A], latent [C,h,w] and pose [F,Q] of each. */
    history: count.max(1000),
    actions: count.max(2 ** 14),
    latent: count.max(2 ** 20),
    pose: count.max(1024),
    mark: z
      .object({
        index: chunk,
        memory: count.nullable(),
        decoder: count.nullable(),
        guard: guardSchema.optional(),
        wellMemory: count.optional(),
      })
      .nullable(),
    /** Bytes of the picture. */
    picture: count.max(2 ** 20),
  })
  .refine(({ log, next }) => log.first + log.count === next, { message: 'the log does not end at the next chunk' })
  .refine(({ log, history }) => history <= log.count, { message: 'the log is shorter than the history' })
  .refine(({ log, next }) => isOrdered(log.captions, log.first, next), { message: 'captions are out of order' })
  .refine(({ log, next }) => isOrdered(log.makers, log.first, next), { message: 'makers are out of order' })
  .refine(({ mark, next, history }) => !mark || mark.index === next - history, { message: 'the mark is elsewhere' })

export type WorldHeader = z.infer<typeof headerSchema>

/** @throws SoraError `world-invalid` naming the field */
export function parseHeader(json: string): WorldHeader {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (thrown) {
    throw new SoraError('world-invalid', 'the head of the world file is not JSON', { cause: thrown })
  }
  const parsed = headerSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new SoraError('world-invalid', `world file, field "${issue?.path.join('.')}": ${issue?.message}`)
}

/** Begins at the log's first chunk, when the log has any, and grows. */
function isOrdered(entries: readonly { chunk: number }[], first: number, next: number): boolean {
  if (first === next) return entries.length === 0
  return (
    entries[0]?.chunk === first &&
    entries.every(({ chunk }, i) => chunk < next && chunk > (entries[i - 1]?.chunk ?? -1))
  )
}
