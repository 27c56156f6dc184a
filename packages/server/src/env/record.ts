import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ShownChunk, VecEnv, WorldEnv } from '@sora-world/sdk/agent'
import { SoraError, toSoraError } from '@sora-world/sdk/protocol'
import { drawContactSheet } from '../evaluate/contact-sheet.ts'
import { checkWritable, saveFile } from '../studio/save-file.ts'
import { EpisodeFile, type EpisodeFileOptions, type RecordedEpisode } from './episode-file.ts'
import { checkVptSpace } from './vpt-lines.ts'

export interface RecordOptions {
  /** The video's pictures are enlarged so many times; 1 by default, as training data wants it. */
  scale?: number
  /** Pictures of each episode on the contact sheet, 12 by default. */
  pictures?: number
}

export interface RecordedFiles {
  episodes: RecordedEpisode[]
  /** One row per episode, the first {@link MAX_ROWS}; null when nothing was recorded. */
  contactSheet: string | null
}

const MAX_ROWS = 64
const MAX_SCALE = 16

/**
 * Records what an environment shows from now on: `episode-0001.mp4` and `.jsonl` for each episode, in the layout of VPT
 * recordings, which the training reads; and `contact-sheet.png`. Older files of these names are replaced.
 *
 * @param env stays the caller's; call `finish` before closing it
 * @throws SoraError `output-failed` before any work when nothing could be written after it, `option-invalid`,
 *   `unsupported` for a model with controls that such recordings do not have
 */
export async function record(env: WorldEnv | VecEnv, folder: string, options: RecordOptions = {}): Promise<Recording> {
  const { scale = 1, pictures = 12 } = options
  checkWhole('scale', scale, MAX_SCALE)
  checkWhole('pictures', pictures, 100)
  checkVptSpace(env.manifest.actionSpace)
  try {
    await mkdir(folder, { recursive: true })
  } catch (cause) {
    throw new SoraError('output-failed', `cannot write into ${folder}: ${(cause as Error).message}`, { cause })
  }
  await checkWritable(join(folder, 'contact-sheet.png'))
  const { size, manifest } = env
  return new Recording(env, folder, { size, framesPerSecond: manifest.frames.perSecond, scale, pictures })
}

/** A recording that runs until it is finished. Chunks are encoded beside the stepping, in the order they came. */
export class Recording {
  readonly #folder: string
  readonly #options: EpisodeFileOptions
  readonly #isSeveral: boolean
  readonly #stopListening: () => void
  readonly #open = new Map<number, EpisodeFile>()
  readonly #episodes: RecordedEpisode[] = []
  readonly #rows: Uint8Array[][] = []
  #work: Promise<void> = Promise.resolve()
  #failure: SoraError | null = null
  #finished: Promise<RecordedFiles> | null = null

  /** Use {@link record}. */
  constructor(env: WorldEnv | VecEnv, folder: string, options: EpisodeFileOptions) {
    this.#folder = folder
    this.#options = options
    this.#isSeveral = 'worlds' in env && env.worlds > 1
    this.#stopListening = env.onChunk((chunk) => this.#then(() => this.#take(chunk)))
  }

  /** So that a long run ends when the disk is full. @throws SoraError `output-failed` once something went wrong */
  check(): void {
    if (this.#failure) throw this.#failure
  }

  /**
   * Ends the recording: the episodes that are under way are written as far as they came. May be called twice.
   *
   * @throws SoraError `output-failed`: the episodes written before are there, whole
   */
  finish(): Promise<RecordedFiles> {
    this.#finished ??= this.#end()
    return this.#finished
  }

  async #end(): Promise<RecordedFiles> {
    this.#stopListening()
    // What was seen last may still wait to be taken in.
    await this.#work
    for (const world of [...this.#open.keys()]) this.#then(() => this.#save(world))
    await this.#work
    this.check()
    return { episodes: this.#episodes, contactSheet: await this.#saveSheet() }
  }

  /** One after the other; after a failure nothing more is done. */
  #then(work: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#failure) return
      try {
        await work()
      } catch (error) {
        this.#failure = toSoraError(error, 'output-failed')
        this.#open.clear()
      }
    })
  }

  async #take(chunk: ShownChunk): Promise<void> {
    const { world } = chunk
    if (chunk.isFirst) {
      await this.#save(world)
      this.#open.set(world, await EpisodeFile.open(chunk, this.#options))
    }
    // A recording that began in the middle of an episode starts with the next one.
    await this.#open.get(world)?.add(chunk)
  }

  async #save(world: number): Promise<void> {
    const file = this.#open.get(world)
    this.#open.delete(world)
    if (!file) return
    const number = String(this.#countOf(world) + 1).padStart(4, '0')
    const name = this.#isSeveral ? `world-${world}-episode-${number}` : `episode-${number}`
    this.#episodes.push(await file.save(this.#folder, name))
    if (this.#rows.length < MAX_ROWS) this.#rows.push(file.pictures())
  }

  #countOf(world: number): number {
    return this.#episodes.filter((episode) => episode.world === world).length
  }

  async #saveSheet(): Promise<string | null> {
    if (this.#rows.length === 0) return null
    const path = join(this.#folder, 'contact-sheet.png')
    await saveFile(path, await drawContactSheet(this.#rows, this.#options.size))
    return path
  }
}

function checkWhole(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return
  throw new SoraError('option-invalid', `${name} is ${value}, not a whole number from 1 to ${most}`)
}
