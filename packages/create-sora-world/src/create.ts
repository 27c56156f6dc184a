import { relative, resolve } from 'node:path'
import { CreateError } from './create-error.ts'
import { type CreateOptions, HELP, readOptions } from './options.ts'
import { nextCommands, type PackageManager, packageManagerOf } from './package-manager.ts'
import { nameProblem, projectName } from './project-name.ts'
import type { Questions } from './questions.ts'
import { isOccupied } from './target-folder.ts'
import { TEMPLATES } from './templates.ts'
import { writeProject } from './write-project.ts'

export const DEFAULT_FOLDER = 'my-world'

export interface Surroundings {
  /** Folder that names are relative to. */
  cwd: string
  /** What the package manager calls itself (`npm_config_user_agent`). */
  userAgent: string | undefined
  /** Asks a person; null where there is none. */
  questions: Questions | null
  version: string
  print(text: string): void
}

/**
 * Creates a project.
 *
 * @throws CreateError in words; nothing has been written then, unless writing itself failed
 */
export async function create(args: readonly string[], surroundings: Surroundings): Promise<void> {
  const options = readOptions(args)
  if (options.help) return surroundings.print(HELP)
  if (options.version) return surroundings.print(surroundings.version)
  const questions = options.yes ? null : surroundings.questions
  const manager = packageManagerOf(surroundings.userAgent)

  const given = options.folder ?? (await questions?.folder(DEFAULT_FOLDER)) ?? DEFAULT_FOLDER
  const folder = resolve(surroundings.cwd, given)
  const name = projectName(folder)
  const problem = nameProblem(name)
  if (problem) throw new CreateError(problem)
  await refuseOccupied(folder, given, options, questions)
  const template = options.template ?? (await questions?.template()) ?? 'play'

  await writeProject({ folder, name, template, manager })
  surroundings.print(whatNext(relative(surroundings.cwd, folder), manager, TEMPLATES[template].start))
}

/** Nothing of somebody's is overwritten without being told. */
async function refuseOccupied(
  folder: string,
  given: string,
  options: CreateOptions,
  questions: Questions | null,
): Promise<void> {
  if (options.force || !(await isOccupied(folder))) return
  if (await questions?.overwrite(given)) return
  throw new CreateError(`the folder "${given}" is not empty; choose another, or --force writes into it all the same`)
}

/** In the folder itself there is no need to go there. */
function whatNext(path: string, manager: PackageManager, script: string): string {
  const [install, start] = nextCommands(manager, script)
  const into = path === '' ? '' : `cd ${/[^\w./\\-]/.test(path) ? JSON.stringify(path) : path} && `
  return `Done. Next:\n\n  ${into}${install}\n  ${start}\n`
}
