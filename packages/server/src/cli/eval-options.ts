import { parseArgs } from 'node:util'
import { type ModelManifest, SoraError, tokensPerChunk } from '@sora-world/sdk/protocol'
import { integer } from './option-numbers.ts'

export const EVAL_HELP = `Measures a model against clips of ground truth that it was not trained on.

usage: sora-world eval [options]

  --model NAME|DIR   a model package                                default: the best that ships
  --clips DIR        clips on disk (docs/evaluation.md)              default: those that ship for the model
  --count N          use N of the clips                              default: all; 8 (3) with --quick
  --quick            less of everything, under a minute on two cores; for a slow model what stands in brackets
  --edits N          use N of the clips of placed blocks             default: all; 4 (1) with --quick
  --captions N       captions that worlds are made from              default: all 128; 32 (6) with --quick
  --rollouts N       long rollouts for drift                         default: 24; 8 (4) with --quick
  --seconds N        length of each                                  default: 60; 12 (3) with --quick
  --no-guard         lets rollouts that break down go on as they are
  --steps N          denoise steps                                   default: the model's
  --out DIR          where figures.json and contact-sheet.png go     default: test/output/eval
  --provider NAME    auto, cpu, webgpu, cuda                         default: auto
  --variant NAME     auto or a variant of the package                default: auto
  --threads N        CPU threads, 0 = choose                         default: 0

Tasks in generated worlds, instead of all else:

  --tasks            attempt them; with --clips, try the scorer on true clips of them
  --only NAMES       some of them, separated by commas
  --seeds N          attempts per task                               default: 20; 5 with --quick
  --no-memory        without world memory
  --task-scripts DIR write what the player does, as action files, and end

  --revisit-sheet    pictures of places come back to, with and without memory, instead of all else

Prints a table; the last line is one JSON object.
`

export interface EvalOptions {
  model: string | undefined
  clips: string | undefined
  count: number | undefined
  quick: boolean
  /** Clips of placed blocks; all when not given. */
  edits: number | undefined
  captions: number | undefined
  /** For drift; as many and as long as {@link amountsOf} says when not given. */
  rollouts: number | undefined
  seconds: number | undefined
  guard: boolean
  steps: number | undefined
  out: string
  provider: string
  variant: string
  threads: number
  /** What is done instead of measuring all figures. */
  instead: 'tasks' | 'task-scripts' | 'revisit-sheet' | undefined
  only: string[] | undefined
  seeds: number
  memory: boolean
  taskScripts: string | undefined
}

const QUICK = { count: 8, edits: 4, captions: 32, rollouts: 8, seconds: 12 }
const QUICK_FOR_SLOW = { count: 3, edits: 1, captions: 6, rollouts: 4, seconds: 3 }
const FULL = { count: undefined, edits: undefined, captions: undefined, rollouts: 24, seconds: 60 }
/** Tokens of a chunk times their width, from which a model is slow on a CPU: nano 8,000, voxel 61,440. */
const SLOW_FROM = 20_000
const SEEDS = { quick: 5, full: 20 }

/** How much is measured, where the caller did not say; a quick look at a slow model has to be a shorter one. */
export function amountsOf(options: EvalOptions, manifest: ModelManifest) {
  const work = tokensPerChunk(manifest, manifest.sizes[0]!) * manifest.text.pooledWidth
  const amount = !options.quick ? FULL : work < SLOW_FROM ? QUICK : QUICK_FOR_SLOW
  return {
    count: options.count ?? amount.count,
    edits: options.edits ?? amount.edits,
    captions: options.captions ?? amount.captions,
    rollouts: options.rollouts ?? amount.rollouts,
    seconds: options.seconds ?? amount.seconds,
  }
}

/** @throws SoraError `option-invalid` with a sentence that names the option */
export function parseEvalOptions(argv: string[]): EvalOptions | 'help' {
  const values = readFlags(argv)
  if (values.help) return 'help'
  const quick = values.quick ?? false
  return {
    model: values.model,
    clips: values.clips,
    count: integer('count', values.count, 1, 10_000),
    quick,
    edits: integer('edits', values.edits, 1, 10_000),
    captions: integer('captions', values.captions, 1, 10_000),
    rollouts: integer('rollouts', values.rollouts, 1, 1000),
    seconds: integer('seconds', values.seconds, 2, 3600),
    guard: !values['no-guard'],
    steps: integer('steps', values.steps, 1, 64),
    out: values.out ?? 'test/output/eval',
    provider: values.provider ?? 'auto',
    variant: values.variant ?? 'auto',
    threads: integer('threads', values.threads, 0, 256) ?? 0,
    instead: insteadOf(values),
    only: values.only?.split(','),
    seeds: integer('seeds', values.seeds, 1, 1000) ?? SEEDS[quick ? 'quick' : 'full'],
    memory: !values['no-memory'],
    taskScripts: values['task-scripts'],
  }
}

function insteadOf(values: ReturnType<typeof readFlags>): EvalOptions['instead'] {
  if (values['task-scripts'] !== undefined) return 'task-scripts'
  if (values['revisit-sheet']) return 'revisit-sheet'
  return values.tasks ? 'tasks' : undefined
}

function readFlags(argv: string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: argv,
      options: {
        help: { type: 'boolean', short: 'h' },
        quick: { type: 'boolean' },
        model: text,
        clips: text,
        count: text,
        edits: text,
        captions: text,
        rollouts: text,
        seconds: text,
        steps: text,
        out: text,
        provider: text,
        variant: text,
        threads: text,
        tasks: { type: 'boolean' },
        only: text,
        seeds: text,
        'no-memory': { type: 'boolean' },
        'no-guard': { type: 'boolean' },
        'task-scripts': text,
        'revisit-sheet': { type: 'boolean' },
      },
    }).values
  } catch (cause) {
    throw new SoraError('option-invalid', (cause as Error).message, { cause })
  }
}
