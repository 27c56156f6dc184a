import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type GraphName, type ModelManifest, parseManifest, SoraError } from '@sora-world/sdk/protocol'

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
 * Reads one graph of a variant and compares it with its hash.
 *
 * @throws SoraError `model-missing` or `model-tampered` naming the file
 */
export async function readGraph(
  dir: string,
  manifest: ModelManifest,
  variant: string,
  graph: GraphName,
): Promise<Uint8Array> {
  const file = manifest.variants[variant]?.[graph]
  if (file === undefined) throw new SoraError('model-invalid', `${dir} has no ${graph} of variant "${variant}"`)
  return readListedFile(dir, manifest, file)
}

/**
 * Reads one file of the manifest's `files` and compares it with its hash.
 *
 * @throws SoraError `model-invalid`, `model-missing` or `model-tampered` naming the file
 */
export async function readListedFile(dir: string, manifest: ModelManifest, file: string): Promise<Uint8Array> {
  const expected = manifest.files[file]
  if (expected === undefined) throw new SoraError('model-invalid', `the manifest of ${dir} does not list "${file}"`)
  const path = join(dir, file)
  const bytes = await readPackageFile(path)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (sha256 !== expected.sha256) {
    throw new SoraError(
      'model-tampered',
      `${path} is not the file its manifest describes: sha256 ${sha256.slice(0, 12)}..., ${bytes.length} bytes ` +
        `instead of ${expected.sha256.slice(0, 12)}..., ${expected.bytes} bytes`,
    )
  }
  return bytes
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
    throw new SoraError('model-missing', `${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
}
