import { type ModelManifest, SoraError } from '../protocol/index.ts'

/**
 * Refuses a model that does not tell what `user` needs to know of every frame.
 *
 * @throws SoraError `unsupported` naming the object, the model and what it lacks
 */
export function requireOutputs(manifest: ModelManifest, user: string, outputs: readonly ('depth' | 'pose')[]): void {
  const missing = outputs.filter((output) => !manifest.outputs.includes(output))
  if (missing.length === 0) return
  throw new SoraError(
    'unsupported',
    `${user} needs ${missing.join(' and ')} of each frame, which model "${manifest.name}" does not give; it still plays on a screen`,
  )
}
