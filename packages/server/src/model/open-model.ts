import { type ModelManifest, SoraError, toSoraError } from '@sora-world/sdk/protocol'
import { chooseVariant, cpuHasInt8 } from './choose-variant.ts'
import type { WorldModel } from './denoiser.ts'
import { FakeModel } from './fake-model.ts'
import { findModelPackage } from './find-package.ts'
import { hasGpuDevice } from './gpu-device.ts'
import { readManifest } from './load-package.ts'
import { OnnxModel } from './onnx-model.ts'
import { PROVIDERS, type Provider } from './onnx-runtime.ts'

/** What to run; plain data, so that it can cross to the worker process. */
export interface ModelOptions {
  /** Folder of a package, name of one that ships, `fake`, or nothing: the best that ships. */
  model?: string
  /** `auto` (default), `cpu`, `webgpu` or `cuda` */
  provider?: string
  /** `auto` (default) or a variant of the package */
  variant?: string
  /** Threads of one operator; 0 (default) = as many as there are, at most 4. On a CPU half as many decode beside it. */
  threads?: number
  /** Fake model only: milliseconds of one denoiser pass. */
  fakePassMs?: number
}

interface Started {
  model: OnnxModel
  passMs: number
}

/**
 * Opens a model, warmed up and ready to play.
 *
 * Provider `auto` starts each provider that can and keeps the one whose denoiser pass was fastest: a software GPU
 * starts too, and a small model is often quicker on the CPU. Without any GPU device only the CPU is tried.
 *
 * @throws SoraError `model-*` for a bad package, `option-invalid`, or `provider-unavailable` saying what was tried
 */
export async function openModel(options: ModelOptions = {}): Promise<WorldModel> {
  if (options.model === 'fake') return new FakeModel({ passMs: options.fakePassMs })
  const candidates = candidateProviders(options.provider ?? 'auto')
  const dir = findModelPackage(options.model)
  const manifest = await readManifest(dir)
  const started: Started[] = []
  const failures: string[] = []
  for (const provider of candidates) {
    try {
      started.push(await start(dir, manifest, provider, options))
    } catch (error) {
      if (error instanceof SoraError) throw error
      failures.push(`${provider}: ${firstLine(toSoraError(error).message)}`)
    }
  }
  return keepFastest(started, failures)
}

function candidateProviders(wanted: string): readonly Provider[] {
  if (wanted === 'auto') return hasGpuDevice() ? PROVIDERS : ['cpu']
  const found = PROVIDERS.find((provider) => provider === wanted)
  if (found) return [found]
  throw new SoraError('option-invalid', `unknown provider "${wanted}": auto, ${PROVIDERS.join(', ')}`)
}

async function start(
  dir: string,
  manifest: ModelManifest,
  provider: Provider,
  options: ModelOptions,
): Promise<Started> {
  const variant = chooseVariant(manifest, provider, options.variant ?? 'auto', cpuHasInt8())
  const model = new OnnxModel({ dir, manifest, provider, variant, threads: options.threads ?? 0 })
  try {
    return { model, passMs: await model.warmUp() }
  } catch (error) {
    await model.release()
    throw error
  }
}

async function keepFastest(started: readonly Started[], failures: readonly string[]): Promise<WorldModel> {
  const [fastest, ...others] = started.toSorted((a, b) => a.passMs - b.passMs)
  if (!fastest) {
    throw new SoraError('provider-unavailable', `no execution provider could run the model (${failures.join('; ')})`)
  }
  for (const { model } of others) await model.release()
  return fastest.model
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!
}
