import { parseArgs } from 'node:util'
import { SoraError } from '@sora-world/sdk/protocol'

export interface ServeOptions {
  port: number
  host: string
  /** Folder or name of a model package; undefined = the best that ships and keeps up with real time here. */
  model: string | undefined
  provider: string
  variant: string
  steps: number | undefined
  memory: boolean
  guard: boolean
  maxRooms: number | undefined
  maxRunning: number | undefined
  /** Folder of the worlds that are kept; undefined: none are. */
  worlds: string | undefined
  /** Folder of the play page; true = the one of this repository; false = none. */
  play: string | boolean
  dev: boolean
  help: boolean
}

export const DEFAULT_PORT = 2567

export const SERVE_HELP = `sora-world serve: hosts worlds for browsers and programs.

  --port N            port to listen on (${DEFAULT_PORT})
  --host NAME         address to listen on (127.0.0.1); 0.0.0.0 lets other machines in
  --model DIR         folder or name of a model package (voxel where it keeps up with real time, else nano)
  --provider NAME     auto, cpu, webgpu or cuda (auto)
  --variant NAME      variant of the model's graphs (auto)
  --steps N           denoise steps per chunk (as many as this machine can do, at most the model's default)
  --no-memory         without world memory, for models that have one
  --no-guard          lets worlds that break down go on as they are
  --max-rooms N       worlds at a time (16)
  --max-running N     worlds that run at a time, the others wait (as many as are measured to fit into real time)
  --worlds DIR        where worlds are kept, to be offered again after a restart (worlds)
  --no-worlds         keeps none
  --play [DIR]        also serves a page: the play page, or the built one in DIR
  --dev               takes the play page from its source, and says what connections do wrong
  --help              this text`

/**
 * Reads the arguments of `serve`.
 *
 * @throws SoraError `option-invalid` in words
 */
export function readServeOptions(args: readonly string[]): ServeOptions {
  const values = parse(withPlayFolder(args))
  return {
    port: wholeNumber('port', values.port, 0, 65535) ?? DEFAULT_PORT,
    host: values.host,
    model: values.model,
    provider: values.provider,
    variant: values.variant,
    steps: wholeNumber('steps', values.steps, 1, 64),
    memory: !values['no-memory'],
    guard: !values['no-guard'],
    maxRooms: wholeNumber('max-rooms', values['max-rooms'], 1, 1000),
    maxRunning: wholeNumber('max-running', values['max-running'], 1, 1000),
    worlds: values['no-worlds'] ? undefined : values.worlds,
    play: values.play === '' ? true : (values.play ?? false),
    dev: values.dev,
    help: values.help,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      strict: true,
      options: {
        port: { type: 'string' },
        host: { type: 'string', default: '127.0.0.1' },
        model: { type: 'string' },
        provider: { type: 'string', default: 'auto' },
        variant: { type: 'string', default: 'auto' },
        steps: { type: 'string' },
        'no-memory': { type: 'boolean' },
        'no-guard': { type: 'boolean' },
        'max-rooms': { type: 'string' },
        'max-running': { type: 'string' },
        worlds: { type: 'string', default: 'worlds' },
        'no-worlds': { type: 'boolean' },
        play: { type: 'string' },
        dev: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (thrown) {
    const words = (thrown as Error).message.split('. ', 1)[0]
    throw new SoraError('option-invalid', `${words}; "sora-world serve --help" lists the options`, { cause: thrown })
  }
}

/** `--play` may stand alone, which node's parser has no word for: it becomes `--play=`. */
function withPlayFolder(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const next = args[index + 1]
    return arg === '--play' && (next === undefined || next.startsWith('-')) ? '--play=' : arg
  })
}

function wholeNumber(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value
  throw new SoraError('option-invalid', `--${name} takes a whole number from ${min} to ${max}, not "${text}"`)
}
