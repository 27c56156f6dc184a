import { parseArgs } from 'node:util'
import { SoraError } from '@sora-world/sdk/protocol'
import { integer, number } from './option-numbers.ts'

export const AGENT_HELP = `Lets a policy play.

usage: sora-world agent run FILE|NAME [options]

  FILE               .ts or .js; its default export is a policy, or a function that makes one; it may also export
                     "reward" and "isOver" (docs/agent.md)
  NAME               noop, random, explorer, follow-caption, learned (the policy of the model package) or
                     "script:walk forward 20 ticks, turn 90, jump"

  --env local|URL    in this process, as fast as it goes, or in a room of a server     default: local
  --room ID          this room of the server, where others may watch                   default: a new one
  --prompt TEXT      the world                                                         default: a grassy plain by day
  --episodes N                                                                         default: 1
  --seconds N        length of an episode, in seconds of world                         default: 20
  --frame-skip N     chunks per decision                                               default: 1
  --rng-seed N       of the first episode; the others count on                         default: 0
  --record DIR       writes a video and actions of each episode, and a contact sheet
  --scale N          enlarges the videos N times                                       default: 1
  --act-timeout N    seconds that one decision may take                                default: 30
  --json             the last line is one JSON object
  --model NAME|DIR   a model package (local only)                                      default: the best that ships
  --provider NAME    auto, cpu, webgpu, cuda (local only)                              default: auto
  --steps N          denoise steps per chunk                                           default: the model's

Exit code 0: played; 1: failed; 2: wrong options; 130: interrupted. What was recorded until then is kept.
`

export interface AgentOptions {
  policy: string
  /** Undefined: in this process. */
  url: string | undefined
  roomId: string | undefined
  prompt: string | undefined
  episodes: number
  seconds: number
  frameSkip: number
  rngSeed: number
  record: string | undefined
  scale: number
  actTimeoutMs: number
  json: boolean
  model: string | undefined
  provider: string | undefined
  steps: number | undefined
}

/** @throws SoraError `option-invalid` with a sentence that names the option */
export function parseAgentOptions(argv: string[]): AgentOptions | 'help' {
  const { values, positionals } = readFlags(argv)
  if (values.help || argv.length === 0) return 'help'
  const [command, policy, ...more] = positionals
  if (command !== 'run') throw new SoraError('option-invalid', `agent has no command "${command ?? ''}", but run`)
  if (policy === undefined || more.length > 0) {
    throw new SoraError('option-invalid', 'agent run takes one policy: a file or a name')
  }
  const url = parseEnv(values.env)
  if (url === undefined && values.room !== undefined) throw new SoraError('option-invalid', '--room needs --env URL')
  return {
    policy,
    url,
    roomId: values.room,
    prompt: values.prompt,
    episodes: integer('episodes', values.episodes, 1, 100_000) ?? 1,
    seconds: number('seconds', values.seconds, 0.05, 86_400) ?? 20,
    frameSkip: integer('frame-skip', values['frame-skip'], 1, 64) ?? 1,
    rngSeed: integer('rng-seed', values['rng-seed'], 0, 0xffffffff) ?? 0,
    record: values.record,
    scale: integer('scale', values.scale, 1, 16) ?? 1,
    actTimeoutMs: 1000 * (number('act-timeout', values['act-timeout'], 0.01, 86_400) ?? 30),
    json: values.json ?? false,
    model: values.model,
    provider: values.provider,
    steps: integer('steps', values.steps, 1, 64),
  }
}

function readFlags(argv: string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        json: { type: 'boolean' },
        env: text,
        room: text,
        prompt: text,
        episodes: text,
        seconds: text,
        'frame-skip': text,
        'rng-seed': text,
        record: text,
        scale: text,
        'act-timeout': text,
        model: text,
        provider: text,
        steps: text,
      },
    })
  } catch (cause) {
    throw new SoraError('option-invalid', (cause as Error).message, { cause })
  }
}

function parseEnv(text = 'local'): string | undefined {
  if (text === 'local') return undefined
  if (/^(https?|wss?):\/\//.test(text)) return text
  throw new SoraError('option-invalid', `--env "${text}" is neither local nor an address like http://localhost:2567`)
}
