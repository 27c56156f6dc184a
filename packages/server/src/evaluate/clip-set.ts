import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type ModelManifest, SoraError } from '@sora-world/sdk/protocol'
import { shippedFolder } from '../model/find-package.ts'
import type { Clip } from './clip.ts'
import { readClip } from './clip-file.ts'
import { fitClip } from './fit-clip.ts'

/** The published model package holds what playing needs. */
const CLIPS_ARE_ELSEWHERE =
  "clips and judges are no part of the published package: run this in the project's repository, or name clips with --clips"
/** Shorter clips leave nothing to predict after the context. */
const MIN_CHUNKS = 6

export interface ClipSet {
  clips: Clip[]
  /** What was done to the clips, or left out, for a reader of the figures. */
  notes: string[]
}

/**
 * Folder of the clips to measure against: the one given, or those that ship for the model, or else for voxel.
 *
 * @throws SoraError `clip-invalid` when there is no such folder
 */
export function findClips(model: string, dir?: string): string {
  const shipped = join(shippedFolder(), 'clips')
  const candidates = dir === undefined ? [join(shipped, model), join(shipped, 'voxel')] : [resolve(dir)]
  const found = candidates.find(existsSync)
  if (found !== undefined) return found
  const advice = dir === undefined ? `\n  ${CLIPS_ARE_ELSEWHERE}` : ''
  throw new SoraError('clip-invalid', `no folder of clips: ${candidates.join(', ')}${advice}`)
}

/**
 * Reads clips of a folder, in the order of their names and in the model's default size.
 *
 * @param count at most so many, spread over the folder, so that few still show all kinds of behaviour
 * @throws SoraError `clip-invalid` naming the file, or when no clip can be used
 */
export async function readClipSet(dir: string, manifest: ModelManifest, count = Number.MAX_SAFE_INTEGER) {
  const names = listNames(dir)
  const clips: Clip[] = []
  const notes = new Set<string>()
  const size = manifest.sizes[0]!
  for (const name of spread(names, count)) {
    const clip = await readClip(join(dir, name))
    checkTime(clip, manifest)
    const fitted = fitClip(clip, size)
    if (fitted !== clip) {
      notes.add(`clips of ${clip.width}x${clip.height} were shrunk and cut to ${size.width}x${size.height}`)
    }
    clips.push(wholeChunks(fitted, manifest.frames.perChunk))
  }
  return { clips, notes: [...notes] } satisfies ClipSet
}

/** The clips in `dir`/edits, in which a block is placed and turned away from; none when there is no such folder. */
export async function readEditClips(dir: string, manifest: ModelManifest, count?: number): Promise<Clip[]> {
  const folder = join(dir, 'edits')
  return existsSync(folder) ? (await readClipSet(folder, manifest, count)).clips : []
}

function listNames(dir: string): string[] {
  let names: string[]
  try {
    names = readdirSync(dir).filter((name) => name.endsWith('.json'))
  } catch (cause) {
    throw new SoraError('clip-invalid', `no folder of clips: ${(cause as Error).message}`, { cause })
  }
  if (names.length === 0) throw new SoraError('clip-invalid', `${dir} holds no clips (NAME.json)`)
  return names.toSorted()
}

/** `count` of the items at equal distances, in order. */
export function spread<T>(items: readonly T[], count: number): T[] {
  const taken = Math.min(count, items.length)
  return Array.from({ length: taken }, (_, i) => items[Math.floor(((i + 0.5) * items.length) / taken)]!)
}

function checkTime(clip: Clip, { frames, name }: ModelManifest): void {
  if (clip.framesPerSecond !== frames.perSecond) {
    const rates = `${clip.framesPerSecond} frames/s, model "${name}" makes ${frames.perSecond}`
    throw new SoraError('clip-invalid', `clip ${clip.name} has ${rates}`)
  }
  if (clip.frames < MIN_CHUNKS * frames.perChunk) {
    throw new SoraError('clip-invalid', `clip ${clip.name} has ${clip.frames} frames, too few to predict anything`)
  }
}

/** Without the frames that fill no chunk. */
function wholeChunks(clip: Clip, perChunk: number): Clip {
  const frames = clip.frames - (clip.frames % perChunk)
  if (frames === clip.frames) return clip
  const { rows, columns, inverse } = clip.depth
  return {
    ...clip,
    frames,
    rgb: clip.rgb.subarray(0, frames * clip.width * clip.height * 3),
    actions: clip.actions.slice(0, frames),
    captions: clip.captions.slice(0, frames),
    pose: clip.pose.slice(0, frames),
    motion: clip.motion.slice(0, frames),
    attributes: clip.attributes.slice(0, frames),
    depth: { rows, columns, inverse: inverse.subarray(0, frames * rows * columns) },
  }
}
