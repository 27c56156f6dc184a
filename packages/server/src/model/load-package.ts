import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type GraphName, type ModelManifest, parseManifest, SoraError, weightsFiles } from '@sora-world/sdk/protocol'

/** Read at once from a file that is only hashed: large enough that the disk is the limit. */
const READ_BYTES = 2 ** 20

/**
 * Reads and checks `manifest.json` of a package folder.
 *
 * @throws SoraError `model-missing` when there is none, `model-invalid` or `model-version` when it cannot be used
 */
export async function readManifest(dir: string): Promise<ModelManifest> {
  const path = join(dir, 'manifest.json')
  const text = (await readPackageFile(path)).toString('utf8')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new SoraError('model-invalid', `${path} is not JSON: ${(cause as Error).message}`, { cause })
  }
  try {
    const manifest = parseManifest(json)
    checkFileNames(manifest)
    return manifest
  } catch (error) {
    if (error instanceof SoraError) throw new SoraError(error.code, `${path}: ${error.message}`, { cause: error })
    throw error
  }
}

/**
 * What a graph is opened from: the bytes that were hashed, or, for a graph with external weights, the path of its file.
 * Weights are looked for beside that path, so bytes alone would not do.
 */
export type GraphSource = Uint8Array | string

/**
 * Compares one graph of a variant, and its external weights, with their hashes.
 *
 * @throws SoraError `model-missing` or `model-tampered` naming the file
 */
export async function readGraph(
  dir: string,
  manifest: ModelManifest,
  variant: string,
  graph: GraphName,
): Promise<GraphSource> {
  const file = manifest.variants[variant]?.[graph]
  if (file === undefined) throw new SoraError('model-invalid', `${dir} has no ${graph} of variant "${variant}"`)
  return readGraphFile(dir, manifest, file)
}

/**
 * Compares a graph that the manifest lists, and its external weights, with their hashes.
 *
 * @throws SoraError `model-invalid`, `model-missing` or `model-tampered` naming the file
 */
export async function readGraphFile(dir: string, manifest: ModelManifest, file: string): Promise<GraphSource> {
  const bytes = await readListedFile(dir, manifest, file)
  const weights = weightsFiles(manifest, file)
  for (const each of weights) await checkListedFile(dir, manifest, each)
  // Absolute: the weights must not be looked for in the folder that the process happens to be in.
  return weights.length > 0 ? resolve(dir, file) : bytes
}

/**
 * Reads one file of the manifest's `files` and compares it with its hash.
 *
 * @throws SoraError `model-invalid`, `model-missing` or `model-tampered` naming the file
 */
export async function readListedFile(dir: string, manifest: ModelManifest, file: string): Promise<Uint8Array> {
  const expected = listed(dir, manifest, file)
  const path = join(dir, file)
  const bytes = await readPackageFile(path)
  compare(path, createHash('sha256').update(bytes).digest('hex'), bytes.length, expected)
  return bytes
}

/**
 * As {@link readListedFile}, for a file of any size whose bytes nobody needs here: it is never in memory as a whole.
 *
 * @throws SoraError `model-invalid`, `model-missing` or `model-tampered` naming the file
 */
export async function checkListedFile(dir: string, manifest: ModelManifest, file: string): Promise<void> {
  const expected = listed(dir, manifest, file)
  const path = join(dir, file)
  const hash = createHash('sha256')
  let length = 0
  try {
    for await (const part of createReadStream(path, { highWaterMark: READ_BYTES })) {
      hash.update(part as Buffer)
      length += (part as Buffer).length
    }
  } catch (cause) {
    throw missing(path, cause)
  }
  compare(path, hash.digest('hex'), length, expected)
}

interface ListedFile {
  sha256: string
  bytes: number
}

function listed(dir: string, { files }: ModelManifest, file: string): ListedFile {
  if (Object.hasOwn(files, file)) return files[file]!
  throw new SoraError('model-invalid', `the manifest of ${dir} does not list "${file}"`)
}

function compare(path: string, sha256: string, bytes: number, expected: ListedFile): void {
  if (sha256 === expected.sha256) return
  throw new SoraError(
    'model-tampered',
    `${path} is not the file its manifest describes: sha256 ${sha256.slice(0, 12)}..., ${bytes} bytes ` +
      `instead of ${expected.sha256.slice(0, 12)}..., ${expected.bytes} bytes`,
  )
}

/** A package names files of its own folder only: nothing outside may be read, or served to clients, through it. */
function checkFileNames(manifest: ModelManifest): void {
  for (const file of Object.keys(manifest.files)) {
    if (basename(file) !== file || file === '..' || file.includes('\\')) {
      throw new SoraError('model-invalid', `file name "${file}" leaves the package folder`)
    }
  }
}

async function readPackageFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw missing(path, cause)
  }
}

function missing(path: string, cause: unknown): SoraError {
  return new SoraError('model-missing', `${path} cannot be read: ${(cause as Error).message}`, { cause })
}
