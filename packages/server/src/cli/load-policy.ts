import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type EnvOptions, explorer, followCaption, noop, type Policy, random, scripted } from '@sora-world/sdk/agent'
import { SoraError } from '@sora-world/sdk/protocol'
import { openPackagePolicy } from '../env/package-policy.ts'

/** What a policy file brings. */
export interface LoadedPolicy extends Pick<EnvOptions, 'reward' | 'isOver'> {
  policy: Policy
  release?(): Promise<void>
}

const NAMED: Readonly<Record<string, () => Policy>> = {
  noop,
  random,
  explorer,
  'follow-caption': followCaption,
}
const SCRIPT = 'script:'
/** The policy of the model package. */
const LEARNED = 'learned'

/**
 * A policy by its name, or from a file: its default export, or what that makes.
 *
 * @param model package that `learned` takes its policy from
 * @throws SoraError `option-invalid` when there is no such file or name, `script-invalid`, `policy-failed` for a file
 *   that cannot be loaded or exports something else, `unsupported` and `model-*` for `learned`
 */
export async function loadPolicy(nameOrFile: string, model?: string): Promise<LoadedPolicy> {
  if (nameOrFile === LEARNED) return openPackagePolicy(model)
  const named = NAMED[nameOrFile]
  if (named) return { policy: named() }
  if (nameOrFile.startsWith(SCRIPT)) return { policy: scripted(nameOrFile.slice(SCRIPT.length)) }
  const path = resolve(nameOrFile)
  if (!existsSync(path)) {
    const known = [...Object.keys(NAMED), LEARNED, `${SCRIPT}...`].join(', ')
    throw new SoraError('option-invalid', `there is no policy file ${path}, and no policy of that name: ${known}`)
  }
  return fromModule(nameOrFile, await importFile(path))
}

async function importFile(path: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(path).href)
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause)
    throw new SoraError('policy-failed', `${path} cannot be loaded: ${words}`, { cause })
  }
}

async function fromModule(
  file: string,
  { default: made, reward, isOver }: Record<string, unknown>,
): Promise<LoadedPolicy> {
  const policy = typeof made === 'function' ? await made() : made
  if (typeof policy?.act !== 'function' || typeof policy.start !== 'function') {
    const words = 'its default export is no policy with "start" and "act", and no function that makes one'
    throw new SoraError('policy-failed', `${file}: ${words}`)
  }
  for (const [name, value] of Object.entries({ reward, isOver })) {
    if (value === undefined || typeof value === 'function') continue
    throw new SoraError('policy-failed', `${file}: its export "${name}" is no function`)
  }
  return { policy, reward: reward as LoadedPolicy['reward'], isOver: isOver as LoadedPolicy['isOver'] }
}
