import { parseArgs } from 'node:util'
import { noop, runPolicy } from '@sora-world/sdk/agent'
import { createEnv } from '../packages/server/src/env/create-env.ts'
import type { WorldModel } from '../packages/server/src/model/denoiser.ts'
import { openModel } from '../packages/server/src/model/open-model.ts'
import { describeEnvironment, percentile } from './environment.ts'

/** Chunks that fill the context window before anything is counted. */
const WARM_UP_STEPS = 24

/**
 * Stepping a world in process: how much faster than real time, and what environment, worker and sampler cost on top of
 * the model's own calls (denoiser, decoder, encoders), which are timed within the same steps.
 */
export async function run(argv: string[]): Promise<void> {
  const options = readOptions(argv)
  console.log(describeEnvironment())
  const timed = timeCalls(await openModel(options))
  const env = await createEnv({ model: timed.model, steps: options.steps })
  await runPolicy(env, noop(), { maxSteps: WARM_UP_STEPS })

  const steps = Math.ceil((1000 * options.seconds) / env.stepMs)
  const samples: { step: number; model: number }[] = []
  for (let count = 0; count < steps; count++) {
    timed.ms = 0
    const startMs = performance.now()
    await env.step({ forward: true, camera: { yaw: 4 } })
    samples.push({ step: performance.now() - startMs, model: timed.ms })
  }
  const of = (read: (sample: { step: number; model: number }) => number, share: number) =>
    round(percentile(samples.map(read), share), 2)
  const rest = samples.map(({ step, model }) => step - model)
  console.log('ms per step      p50     p95')
  for (const [name, values] of [
    ['step', samples.map(({ step }) => step)],
    ['model', samples.map(({ model }) => model)],
    ['the rest', rest],
  ] as const) {
    const columns = [0.5, 0.95].map((share) =>
      percentile([...values], share)
        .toFixed(2)
        .padStart(8),
    )
    console.log(name.padEnd(12) + columns.join(''))
  }
  const stepMs = of(({ step }) => step, 0.5)
  console.log(
    JSON.stringify({
      name: 'env',
      model: timed.model.manifest.name,
      version: timed.model.manifest.version,
      provider: timed.model.provider,
      variant: timed.model.variant,
      steps,
      stepMs: { p50: stepMs, p95: of(({ step }) => step, 0.95) },
      modelMs: { p50: of(({ model }) => model, 0.5), p95: of(({ model }) => model, 0.95) },
      realtimeFactor: round(env.stepMs / stepMs, 2),
      // Of medians: a step that the machine interrupted says nothing about the code.
      overhead: round(
        percentile(rest, 0.5) /
          percentile(
            samples.map(({ model }) => model),
            0.5,
          ),
        4,
      ),
    }),
  )
  await env.close()
  await timed.model.release()
}

/** The same model, and the time that was spent in its calls. */
function timeCalls(model: WorldModel): { model: WorldModel; ms: number } {
  const timed = { model, ms: 0 }
  timed.model = new Proxy(model, {
    get: (target, name) => {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        const startMs = performance.now()
        const result = value.apply(target, args)
        if (!(result instanceof Promise)) return result
        return result.finally(() => {
          timed.ms += performance.now() - startMs
        })
      }
    },
  })
  return timed
}

function readOptions(argv: string[]) {
  const { values } = parseArgs({
    args: argv,
    options: {
      model: { type: 'string' },
      provider: { type: 'string', default: 'auto' },
      variant: { type: 'string', default: 'auto' },
      threads: { type: 'string', default: '0' },
      steps: { type: 'string' },
      seconds: { type: 'string', default: '30' },
    },
  })
  return {
    ...values,
    threads: Number(values.threads),
    steps: values.steps === undefined ? undefined : Number(values.steps),
    seconds: Number(values.seconds),
  }
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits
}
