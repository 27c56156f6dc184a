import { readFileSync } from 'node:fs'
import { create } from './create.ts'
import { CreateError } from './create-error.ts'
import { TerminalQuestions } from './questions.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
const hasTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true

try {
  await create(process.argv.slice(2), {
    cwd: process.cwd(),
    userAgent: process.env.npm_config_user_agent,
    questions: hasTerminal ? new TerminalQuestions() : null,
    version,
    print: (text) => console.log(text),
  })
} catch (thrown) {
  if (!(thrown instanceof CreateError)) throw thrown
  console.error(`create-sora-world: ${thrown.message}`)
  process.exitCode = 1
}
