import {
  cleanPromptText,
  type FrameSize,
  joinOptionsSchema,
  LIMITS,
  type ModelManifest,
  PROTOCOL_VERSION,
  SoraError,
} from '@sora-world/sdk/protocol'
import type { z } from 'zod'

export type CheckedJoin = z.output<typeof joinOptionsSchema>

/**
 * Checks what a client wants of a room.
 *
 * @throws SoraError `protocol-version`, `option-invalid` naming the field, `prompt-empty` or `prompt-too-long`
 */
export function readJoinOptions(options: unknown): CheckedJoin {
  const { protocol, prompt } = (options ?? {}) as { protocol?: unknown; prompt?: unknown }
  if (typeof protocol === 'number' && protocol !== PROTOCOL_VERSION) {
    throw new SoraError(
      'protocol-version',
      `this server speaks protocol ${PROTOCOL_VERSION}, the client ${protocol}; reload the page or update the package`,
    )
  }
  if (typeof prompt === 'string') cleanPromptText(prompt, LIMITS.promptLength)
  const parsed = joinOptionsSchema.safeParse(options)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new SoraError('option-invalid', `join option "${issue?.path.join('.')}": ${issue?.message}`)
}

/**
 * The size that a new room plays in: the one asked for, or the model's first.
 *
 * @throws SoraError `option-invalid` with the sizes that there are
 */
export function chooseSize(manifest: ModelManifest, wanted: CheckedJoin['size']): FrameSize {
  if (!wanted) return manifest.sizes[0]!
  const size = manifest.sizes.find(({ width, height }) => width === wanted.width && height === wanted.height)
  if (size) return size
  const offered = manifest.sizes.map(({ width, height }) => `${width}x${height}`).join(', ')
  throw new SoraError('option-invalid', `the model has no size ${wanted.width}x${wanted.height}; it offers ${offered}`)
}

/** @throws SoraError `option-invalid` with the step counts that there are */
export function chooseSteps(manifest: ModelManifest, wanted: number): number {
  const { allowed } = manifest.denoiser.steps
  if (allowed.includes(wanted)) return wanted
  throw new SoraError('option-invalid', `the model has no ${wanted}-step sampler; it offers ${allowed.join(', ')}`)
}
