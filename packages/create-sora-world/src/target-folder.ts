import { readdir, stat } from 'node:fs/promises'
import { CreateError } from './create-error.ts'

/** What a folder may hold and still count as empty. */
const NOTHING = ['.git', '.DS_Store']

/**
 * Whether something is in a folder already.
 *
 * @throws CreateError when it is a file, or cannot be read
 */
export async function isOccupied(folder: string): Promise<boolean> {
  try {
    if (!(await stat(folder)).isDirectory()) throw new CreateError(`${folder} is a file; name a folder`)
    return (await readdir(folder)).some((name) => !NOTHING.includes(name))
  } catch (thrown) {
    if (thrown instanceof CreateError) throw thrown
    const { code, message } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT') return false
    throw new CreateError(`cannot use ${folder}: ${message}`)
  }
}
