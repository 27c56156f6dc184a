#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { toSoraError } from '@sora-world/sdk/protocol'

const HELP = `Sora World: a generated world, played in real time.

  sora-world serve      starts the server (and the play page with --play)
  sora-world generate   writes a video, a picture or a world from a prompt
  sora-world agent run  lets a policy play, here or in a room
  sora-world eval       measures a model against ground truth
  sora-world replay     makes a recorded world again and compares every chunk
  sora-world snapshot   says what a world file holds
  sora-world doctor     says whether this machine can play, and how fast

  sora-world <command> --help   says what the command takes
  sora-world --version`

/** Answers for the process: 0 done, 1 failed, 2 asked for something that does not exist. */
async function run([command = '--help', ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case 'serve':
      return (await import('./cli/serve.ts')).runServe(rest)
    case 'generate':
      return (await import('./cli/generate.ts')).runGenerate(rest)
    case 'eval':
      return (await import('./cli/eval.ts')).runEval(rest)
    case 'agent':
      return (await import('./cli/agent.ts')).runAgent(rest)
    case 'doctor':
      return (await import('./cli/doctor.ts')).runDoctor(rest)
    case 'replay':
      return (await import('./cli/replay.ts')).runReplay(rest)
    case 'snapshot':
      return (await import('./cli/replay.ts')).runSnapshot(rest)
    case 'help':
    case '-h':
    case '--help':
      console.log(HELP)
      return 0
    case '-v':
    case '--version':
      console.log(version())
      return 0
    default:
      console.error(`sora-world has no command "${command}"\n\n${HELP}`)
      return 2
  }
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (thrown) {
  const { code, message } = toSoraError(thrown)
  // Further lines say what to do about it.
  const [what, ...advice] = message.split('\n')
  console.error([`sora-world: ${what} (${code})`, ...advice].join('\n'))
  process.exitCode = code === 'option-invalid' ? 2 : 1
}
