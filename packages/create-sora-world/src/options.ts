import { parseArgs } from 'node:util'
import { CreateError } from './create-error.ts'
import { TEMPLATES, type TemplateName } from './templates.ts'

export interface CreateOptions {
  /** Folder to create, as given; also says the project's name. */
  folder: string | undefined
  template: TemplateName | undefined
  /** Takes the default for whatever was not given. */
  yes: boolean
  /** Writes into a folder that has something in it; files of the same names are replaced. */
  force: boolean
  help: boolean
  version: boolean
}

export const HELP = `npm create sora-world@latest [folder] -- [options]

Sets up a project with a generated world in it.

  folder              where to; "." for this folder                 (my-world)
  --template NAME     ${Object.keys(TEMPLATES).join(', ')}                            (play)
  --yes, -y           asks nothing: defaults for what is not given
  --force             writes into a folder that is not empty
  --help, -h          this text
  --version, -v

${Object.entries(TEMPLATES)
  .map(([name, { words }]) => `  ${name.padEnd(8)}${words}`)
  .join('\n')}

Without a terminal it asks nothing either.`

/** @throws CreateError naming the option */
export function readOptions(args: readonly string[]): CreateOptions {
  const { values, positionals } = parse(args)
  if (positionals.length > 1) {
    throw new CreateError(`one folder at a time, not ${positionals.length}: ${positionals.join(', ')}`)
  }
  return {
    folder: positionals[0],
    template: values.template === undefined ? undefined : templateOf(values.template),
    yes: values.yes,
    force: values.force,
    help: values.help,
    version: values.version,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        template: { type: 'string', short: 't' },
        yes: { type: 'boolean', short: 'y', default: false },
        force: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'v', default: false },
      },
    })
  } catch (thrown) {
    const words = (thrown as Error).message.split('. ', 1)[0]
    throw new CreateError(`${words}; --help lists the options`)
  }
}

function templateOf(name: string): TemplateName {
  if (Object.hasOwn(TEMPLATES, name)) return name as TemplateName
  throw new CreateError(`there is no template "${name}"; there is: ${Object.keys(TEMPLATES).join(', ')}`)
}
