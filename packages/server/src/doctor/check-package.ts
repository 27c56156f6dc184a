import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findModelPackage } from '../model/find-package.ts'
import { checkListedFile, readManifest } from '../model/load-package.ts'

export interface PackageFacts {
  name: string
  version: string
  folder: string
  /** Of the manifest, which names the hash of every other file: one number for the whole package. */
  sha256: string
  variants: string[]
}

/**
 * Reads a package whole and compares every file that its manifest lists with its hash.
 *
 * @throws SoraError `model-missing`, `model-invalid`, `model-version`, `model-tampered` naming the file
 */
export async function checkPackage(nameOrPath?: string): Promise<PackageFacts> {
  const folder = findModelPackage(nameOrPath)
  const manifest = await readManifest(folder)
  for (const file of Object.keys(manifest.files)) await checkListedFile(folder, manifest, file)
  const bytes = await readFile(join(folder, 'manifest.json'))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const { name, version, variants } = manifest
  return { name, version, folder, sha256, variants: Object.keys(variants) }
}
