import { basename, resolve } from 'node:path'
import validateName from 'validate-npm-package-name'

/** The name that a project in this folder gets: the folder's own. */
export function projectName(folder: string): string {
  return basename(resolve(folder))
}

/** Why npm would not take a name, in words; undefined when it would. */
export function nameProblem(name: string): string | undefined {
  const { validForNewPackages, errors = [], warnings = [] } = validateName(name)
  if (validForNewPackages) return undefined
  const why = [...errors, ...warnings][0] ?? 'it is not allowed'
  return `npm does not allow the name "${name}": ${why}; try "${suggestName(name)}"`
}

/** The nearest name that npm takes. */
export function suggestName(name: string): string {
  const plain = name
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return plain !== '' && validateName(plain).validForNewPackages ? plain : 'my-world'
}
