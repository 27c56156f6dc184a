import { basename } from 'node:path'
import { SoraError, toSoraError } from '@sora-world/sdk/protocol'
import { createWorldServer, type WorldServer } from '../index.ts'
import { findModelPackage } from '../model/find-package.ts'
import { inSteps } from '../scheduler/chunk-cost.ts'
import { type DevPage, openDevPage } from './dev-page.ts'
import { findPlayPage } from './play-page.ts'
import { readServeOptions, SERVE_HELP, type ServeOptions } from './serve-options.ts'

/** Closing takes moments; whoever presses Ctrl-C twice does not want to wait. */
const FORCED_EXIT = 130

/**
 * `sora-world serve`: runs until Ctrl-C.
 *
 * @returns exit code
 * @throws SoraError as `createWorldServer`, and `option-invalid`
 */
export async function runServe(args: readonly string[]): Promise<number> {
  const options = readServeOptions(args)
  if (options.help) {
    console.log(SERVE_HELP)
    return 0
  }
  const page = options.dev && options.play === true ? await openDevPage() : undefined
  try {
    const server = await start(options, page)
    describe(server, options)
    await interrupted()
    console.log('closing ...')
    await server.close()
  } finally {
    await page?.close()
  }
  return 0
}

async function start(options: ServeOptions, page: DevPage | undefined): Promise<WorldServer> {
  const { port, host, provider, variant, steps, memory, guard, maxRooms, maxRunning, model, worlds } = options
  const playDir = page ? undefined : findPlayPage(options.play)
  // Of connections only who develops wants to hear.
  const log = (line: string) => (options.dev || !line.startsWith('colyseus:') ? console.log(line) : undefined)
  try {
    console.log(`loading model ${model === 'fake' ? model : basename(findModelPackage(model))} ...`)
    return await createWorldServer({
      port,
      host,
      modelDir: model,
      provider,
      variant,
      steps,
      memory,
      guard,
      maxRooms,
      maxRunning,
      worldsDir: worlds,
      playDir,
      playHandler: page?.handler,
      log,
    })
  } catch (thrown) {
    throw withNextStep(toSoraError(thrown), port)
  }
}

/** What the person at the keyboard can do about it. */
function withNextStep(error: SoraError, port: number): SoraError {
  const advice = {
    'port-in-use': `end the program that uses it, or choose another: --port ${port + 1}`,
    'model-missing': 'name the folder of a model package with --model, or try "--model fake"',
    'model-tampered': 'fetch the package again',
    'provider-unavailable': 'try --provider cpu',
  }[error.code as string]
  return advice ? new SoraError(error.code, `${error.message}\n  ${advice}`, { cause: error }) : error
}

function describe(server: WorldServer, { play }: ServeOptions): void {
  const { model, modelVersion, provider, variant, steps, modelSteps, chunk, maxRunning } = server.health()
  const effort = steps < modelSteps ? `${inSteps(steps)} of the model's ${modelSteps}` : inSteps(steps)
  const pace = `${effort} (a chunk of ${chunk.durationMs} ms takes about ${Math.round(chunk.p50Ms)} ms here)`
  console.log(`model ${model} ${modelVersion}; provider ${provider}, variant ${variant}, ${pace}`)
  if (chunk.p95Ms > chunk.durationMs) console.log('this machine is too slow for real time: the world will run slower')
  else console.log(`${maxRunning === 1 ? 'one world fits' : `${maxRunning} worlds fit`} into real time`)
  const url = server.url.replace('127.0.0.1', 'localhost')
  console.log(play === false ? `serving worlds at ${url}` : `play at ${url}`)
  console.log('Ctrl-C ends it')
}

/** Resolves at the first Ctrl-C or polite kill; the second ends the process at once. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = () => {
      for (const signal of SIGNALS) process.once(signal, () => process.exit(FORCED_EXIT))
      resolve()
    }
    for (const signal of SIGNALS) process.once(signal, onSignal)
  })
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
