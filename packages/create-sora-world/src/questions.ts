import { cancel, confirm, isCancel, select, text } from '@clack/prompts'
import { nameProblem, projectName } from './project-name.ts'
import { TEMPLATES, type TemplateName } from './templates.ts'

/** What a person is asked. Leaving a question ends the program. */
export interface Questions {
  folder(usual: string): Promise<string>
  template(): Promise<TemplateName>
  overwrite(folder: string): Promise<boolean>
}

/** Asks at the terminal. */
export class TerminalQuestions implements Questions {
  async folder(usual: string): Promise<string> {
    const answer = await text({
      message: 'Where to? The folder is also the name.',
      placeholder: usual,
      defaultValue: usual,
      validate: (value) => nameProblem(projectName(value || usual)),
    })
    return answered(answer)
  }

  async template(): Promise<TemplateName> {
    const options = Object.entries(TEMPLATES).map(([value, { label, words }]) => ({
      value: value as TemplateName,
      label,
      hint: words,
    }))
    return answered(await select({ message: 'What do you want to make?', options }))
  }

  async overwrite(folder: string): Promise<boolean> {
    const message = `The folder "${folder}" is not empty. Write into it? Files of the same names are replaced.`
    return answered(await confirm({ message, initialValue: false }))
  }
}

function answered<T>(answer: T): Exclude<T, symbol> {
  if (!isCancel(answer)) return answer as Exclude<T, symbol>
  cancel('Nothing was written.')
  process.exit(130)
}
