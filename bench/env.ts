import { parseArgs } from 'node:util'
import { noop, runPolicy } from '@sora-world/sdk/agent'
import { createEnv } from '../packages/server/src/env/create-env.ts'
import type { WorldModel } from '../packages/server/src/model/denoiser.ts'
import { openModel } from '../packages/server/src/model/open-model.ts'
import { describeEnvironment, percentile, printTable, round } from './environment.ts'

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
  const step = samples.map((sample) => sample.step)
  const inModel = samples.map((sample) => sample.model)
  const rest = samples.map((sample) => sample.step - sample.model)
  printTable('ms per step', { step, model: inModel, 'the rest': rest }, 2)
  const at = (values: readonly number[], share: number) => round(percentile([...values], share), 2)
  const stepMs = at(step, 0.5)
  console.log(
    JSON.stringify({
      name: 'env',
      model: timed.model.manifest.name,
      version: timed.model.manifest.version,
      provider: timed.model.provider,
      variant: timed.model.variant,
      steps,
      stepMs: { p50: stepMs, p95: at(step, 0.95) },
      modelMs: { p50: at(inModel, 0.5), p95: at(inModel, 0.95) },
      realtimeFactor: round(env.stepMs / stepMs, 2),
      // Of medians: a step that the machine interrupted says nothing about the code.
      overhead: round(percentile([...rest], 0.5) / percentile([...inModel], 0.5), 4),
    }),
  )
  await env.close()
  await timed.model.release()
}

/** The same model, and the time in which at least one of its calls was under way: some run beside each other. */
function timeCalls(model: WorldModel): { model: WorldModel; ms: number } {
  const timed = { model, ms: 0 }
  let underWay = 0
  let sinceMs = 0
  const begin = () => {
    if (underWay++ === 0) sinceMs = performance.now()
  }
  const end = () => {
    if (--underWay === 0) timed.ms += performance.now() - sinceMs
  }
  timed.model = new Proxy(model, {
    get: (target, name) => {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        begin()
        const result = value.apply(target, args)
        if (result instanceof Promise) return result.finally(end)
        end()
        return result
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
