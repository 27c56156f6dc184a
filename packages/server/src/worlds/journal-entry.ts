import { SoraError, toSoraError } from '@sora-world/sdk/protocol'
import { pack, unpack } from 'msgpackr'
import { z } from 'zod'
import type { WorldRun } from '../session/world-run.ts'
import type { ChunkJob, ChunkResult } from '../worker/model-worker.ts'
import { guardSchema } from './world-header.ts'
import type { Maker } from './world-value.ts'

/** Chunks in the order in which they were made, and the events in force after them. */
export interface JournalEntry {
  events: readonly string[]
  maker: Maker
  chunks: readonly JournalChunk[]
}

/** What a world commits: the job and what came of it. */
export interface JournalChunk {
  job: Pick<ChunkJob, 'index' | 'actions' | 'caption'>
  result: Pick<ChunkResult, 'latent' | 'pose' | 'mark' | 'batch'>
}

const bytes = z.instanceof(Uint8Array)
const mark = z.object({
  index: z.int(),
  memory: bytes.nullish(),
  decoder: bytes.nullish(),
  guard: guardSchema.nullish(),
  wellMemory: bytes.nullish(),
})
const chunkSchema = z.object({
  index: z.int().nonnegative(),
  actions: bytes,
  caption: z.string(),
  latent: bytes,
  pose: bytes,
  mark: mark.nullish(),
  batch: z.int().positive(),
})
const maker = z.object({ provider: z.string(), variant: z.string() })
const entrySchema = z.object({ events: z.array(z.string()), maker, chunks: z.array(chunkSchema) })

export function writeEntry({ chunks, ...facts }: JournalEntry): Uint8Array {
  const plain = chunks.map(({ job, result: { latent, pose, mark: known, batch = 1 } }) => ({
    ...{ index: job.index, actions: bytesOf(job.actions), caption: job.caption },
    ...{ latent: bytesOf(latent), pose: bytesOf(pose), batch },
    mark: known && { ...known, decoder: known.decoder && bytesOf(known.decoder) },
  }))
  return pack({ ...facts, chunks: plain })
}

/** @throws SoraError `world-invalid` for bytes that are no entry */
export function readEntry(packed: Uint8Array): JournalEntry {
  try {
    const { chunks, ...facts } = entrySchema.parse(unpack(packed))
    return { ...facts, chunks: chunks.map(readChunk) }
  } catch (thrown) {
    throw new SoraError('world-invalid', `a journal entry: ${toSoraError(thrown).message}`, { cause: thrown })
  }
}

/** Brings a world that was taken up from its file to where the journal ends. @throws SoraError `world-invalid` */
export function applyEntry(run: WorldRun, { events, chunks }: JournalEntry): void {
  for (const { job, result } of chunks) {
    if (job.index !== run.nextIndex)
      throw new SoraError('world-invalid', `chunk ${job.index} after ${run.nextIndex - 1}`)
    run.commit(job, result)
  }
  run.setEvents(events)
}

function readChunk({
  index,
  actions,
  caption,
  latent,
  pose,
  mark: known,
  batch,
}: z.infer<typeof chunkSchema>): JournalChunk {
  const decoder = known?.decoder ? floatsOf(known.decoder) : undefined
  return {
    job: { index, actions: floatsOf(actions), caption },
    result: {
      ...{ latent: floatsOf(latent), pose: floatsOf(pose), batch },
      mark: known
        ? {
            ...{ index: known.index, memory: known.memory ?? undefined, decoder },
            ...{ guard: known.guard ?? undefined, wellMemory: known.wellMemory ?? undefined },
          }
        : undefined,
    },
  }
}

function bytesOf(numbers: Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}

function floatsOf(packed: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(packed).buffer)
}
