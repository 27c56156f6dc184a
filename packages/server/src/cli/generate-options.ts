import { parseArgs } from 'node:util'
import { LIMITS, SoraError } from '@sora-world/sdk/protocol'
import type { EnlargeFilter } from '../studio/enlarge.ts'
import { checkFileType, isStill } from '../studio/frame-writer.ts'
import type { TimedEvent } from '../studio/generate.ts'
import { integer, number } from './option-numbers.ts'

export const GENERATE_HELP = `Makes a video of a generated world, offline.

usage: sora-world generate --prompt TEXT [options]

  --prompt TEXT      the world, e.g. "a snowy forest at dusk"
  --out FILE         .mp4, .gif, .webp (animated) or .png (last frame)      default: world.mp4
  --seconds N        length                                                 default: 4; one chunk for .png
  --actions FILE     JSON: [{"frames": 20, "held": ["forward"], "axes": {"camera.yaw": 2}}, ...]
                                                                            default: walk forward
  --policy basic     the model's own policy plays, for models that have one
  --save-actions FILE  what was done, as a file for --actions
  --describe         print what the model's captioner reads off the end of the video
  --event "S:TEXT"   something that happens S seconds in, may be repeated, e.g. "2:it starts to rain"
  --size WxH         one of the model's sizes                               default: its first
  --steps N          denoise steps per chunk                                default: the model's
  --rng-seed N       another number, another world                          default: 0
  --no-memory        without world memory, for models that have one
  --scale N          enlarge N times                                        default: to at least 512 wide
  --filter NAME      cubic (smooth) or nearest (square pixels)              default: cubic
  --model NAME|DIR   a model package                                        default: the best that ships
  --provider NAME    auto, cpu, webgpu, cuda                                default: auto
  --variant NAME     auto or a variant of the package                       default: auto
  --threads N        CPU threads, 0 = choose                                default: 0
`

export interface GenerateOptions {
  prompt: string
  out: string
  /** Undefined: one chunk for a still, 4 s for a video. */
  seconds: number | undefined
  actions: string | undefined
  /** The model's own policy plays. */
  hasPolicy: boolean
  saveActions: string | undefined
  describe: boolean
  events: TimedEvent[]
  size: { width: number; height: number } | undefined
  steps: number | undefined
  rngSeed: number
  memory: boolean
  scale: number | undefined
  filter: EnlargeFilter
  model: string | undefined
  provider: string
  variant: string
  threads: number
}

const MAX_SECONDS = 3600
const MAX_SCALE = 16
const DEFAULT_SECONDS = 4

/** @throws SoraError `option-invalid`, `prompt-empty` or `prompt-too-long`, with a sentence that names the option */
export function parseGenerateOptions(argv: string[]): GenerateOptions | 'help' {
  const values = readFlags(argv)
  if (values.help) return 'help'
  const out = values.out ?? 'world.mp4'
  checkFileType(out)
  return {
    prompt: checkPrompt(values.prompt),
    out,
    seconds: number('seconds', values.seconds, 0.05, MAX_SECONDS) ?? (isStill(out) ? undefined : DEFAULT_SECONDS),
    actions: values.actions,
    hasPolicy: parsePolicy(values.policy, values.actions),
    saveActions: values['save-actions'],
    describe: values.describe ?? false,
    events: (values.event ?? []).map(parseEvent),
    size: parseSize(values.size),
    steps: integer('steps', values.steps, 1, 64),
    rngSeed: integer('rng-seed', values['rng-seed'], 0, 0xffffffff) ?? 0,
    memory: !values['no-memory'],
    scale: integer('scale', values.scale, 1, MAX_SCALE),
    filter: parseFilter(values.filter),
    model: values.model,
    provider: values.provider ?? 'auto',
    variant: values.variant ?? 'auto',
    threads: integer('threads', values.threads, 0, 256) ?? 0,
  }
}

function readFlags(argv: string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: argv,
      options: {
        help: { type: 'boolean', short: 'h' },
        prompt: text,
        out: text,
        seconds: text,
        actions: text,
        policy: text,
        'save-actions': text,
        describe: { type: 'boolean' },
        event: { type: 'string', multiple: true },
        size: text,
        steps: text,
        'rng-seed': text,
        'no-memory': { type: 'boolean' },
        scale: text,
        filter: text,
        model: text,
        provider: text,
        variant: text,
        threads: text,
      },
    }).values
  } catch (cause) {
    throw new SoraError('option-invalid', (cause as Error).message, { cause })
  }
}

function checkPrompt(prompt: string | undefined): string {
  const text = prompt?.trim() ?? ''
  if (text === '') throw new SoraError('prompt-empty', '--prompt is needed, e.g. --prompt "a snowy forest at dusk"')
  if (text.length > LIMITS.promptLength) {
    throw new SoraError('prompt-too-long', `--prompt has ${text.length} characters, at most ${LIMITS.promptLength}`)
  }
  return text
}

function parsePolicy(name: string | undefined, actions: string | undefined): boolean {
  if (name === undefined) return false
  if (name !== 'basic') throw new SoraError('option-invalid', `--policy "${name}" is not one: basic`)
  if (actions !== undefined) throw new SoraError('option-invalid', 'either --policy or --actions plays, not both')
  return true
}

function parseEvent(text: string): TimedEvent {
  const match = /^(\d+(?:\.\d+)?):\s*(.+)$/.exec(text)
  if (!match) throw new SoraError('option-invalid', `--event "${text}" is not SECONDS:TEXT`)
  return { seconds: Number(match[1]), text: match[2]!.slice(0, LIMITS.eventLength) }
}

function parseSize(text: string | undefined): { width: number; height: number } | undefined {
  if (text === undefined) return undefined
  const match = /^(\d{1,5})x(\d{1,5})$/.exec(text)
  if (!match) throw new SoraError('option-invalid', `--size "${text}" is not WIDTHxHEIGHT`)
  return { width: Number(match[1]), height: Number(match[2]) }
}

function parseFilter(text = 'cubic'): EnlargeFilter {
  if (text === 'cubic' || text === 'nearest') return text
  throw new SoraError('option-invalid', `--filter "${text}" is neither cubic nor nearest`)
}
