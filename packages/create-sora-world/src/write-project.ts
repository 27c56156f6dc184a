import { cp, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateError } from './create-error.ts'
import { allowScripts, scriptSettings } from './install-scripts.ts'
import type { PackageManager } from './package-manager.ts'
import { type TemplateName, templateFolder } from './templates.ts'

export interface Project {
  /** Absolute. */
  folder: string
  name: string
  template: TemplateName
  manager: PackageManager
}

/**
 * Copies a template and puts the project's name in. Files of the same names are replaced, all others stay.
 *
 * @throws CreateError when the folder cannot be written
 */
export async function writeProject({ folder, name, template, manager }: Project): Promise<void> {
  try {
    await cp(templateFolder(template), folder, { recursive: true })
    await giveDotNames(folder)
    await nameManifest(join(folder, 'package.json'), name)
    for (const [file, text] of Object.entries(scriptSettings(manager))) await writeFile(join(folder, file), text)
  } catch (thrown) {
    throw new CreateError(`cannot write ${folder}: ${(thrown as Error).message}`)
  }
}

/** npm leaves files such as `.gitignore` out of a package: they travel as `_gitignore`. */
async function giveDotNames(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith('_')) await rename(join(folder, name), join(folder, `.${name.slice(1)}`))
  }
}

async function nameManifest(file: string, name: string): Promise<void> {
  const manifest = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  const named = { ...manifest, name, allowScripts: allowScripts() }
  await writeFile(file, `${JSON.stringify(named, null, 2)}\n`)
}
