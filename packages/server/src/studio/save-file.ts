import { randomUUID } from 'node:crypto'
import { access, constants, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { SoraError } from '@sora-world/sdk/protocol'

/**
 * Tells before the work whether a file can be written after it.
 *
 * @throws SoraError `output-failed` when the folder is missing or not writable, or the path is a folder
 */
export async function checkWritable(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK)
    if (!(await stat(dirname(path))).isDirectory()) throw new Error(`${dirname(path)} is not a folder`)
  } catch (cause) {
    throw new SoraError('output-failed', `cannot write ${path}: ${(cause as Error).message}`, { cause })
  }
  const existing = await stat(path).catch(() => undefined)
  if (existing?.isDirectory()) throw new SoraError('output-failed', `cannot write ${path}: it is a folder`)
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, then renamed.
 *
 * @throws SoraError `output-failed`; nothing is left behind then
 */
export async function saveFile(path: string, bytes: Uint8Array): Promise<void> {
  const part = join(dirname(path), `.${basename(path)}.${randomUUID()}.part`)
  try {
    await writeFile(part, bytes)
    await rename(part, path)
  } catch (cause) {
    await rm(part, { force: true })
    throw new SoraError('output-failed', `cannot write ${path}: ${(cause as Error).message}`, { cause })
  }
}
