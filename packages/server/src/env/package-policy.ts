import type { EpisodeStart, Policy } from '@sora-world/sdk/agent'
import { type Action, type FrameSize, type ModelManifest, NO_ACTION, SoraError } from '@sora-world/sdk/protocol'
import { openReaders } from '../model/open-readers.ts'
import type { Readers } from '../model/readers.ts'
import { decodeActions, encodeActions } from './encode-actions.ts'

interface PlayedSoFar {
  episode: EpisodeStart
  /** Each [C,h,w], oldest first, and [F,A] that led into each. */
  latents: Float32Array[]
  actions: Float32Array[]
  last: readonly Action[]
}

/** A policy that holds on to something: `release` it when it has played. */
export interface OpenPolicy {
  policy: Policy<PlayedSoFar>
  release(): Promise<void>
}

/**
 * The policy of a model package, which has watched players: it reads the latents of its own model, one chunk per step.
 *
 * @param model folder of a package, name of one that ships, `fake`, or nothing: the best that ships
 * @throws SoraError `model-*`, or `unsupported` for a package without a policy
 */
export async function openPackagePolicy(model?: string): Promise<OpenPolicy> {
  const readers = await openReaders(model)
  if (readers.canAct) return { policy: packagePolicy(readers), release: () => readers.release() }
  await readers.release()
  throw new SoraError('unsupported', `the model package "${readers.manifest.name}" brings no policy`)
}

/** @param readers stay the caller's; `act` fails as theirs, and with `unsupported` where latents are not known */
export function packagePolicy(readers: Readers): Policy<PlayedSoFar> {
  const { manifest } = readers
  return {
    name: `${manifest.name} policy`,
    start: (episode) => {
      const { perChunk } = manifest.frames
      if (episode.framesPerStep === perChunk) return { episode, latents: [], actions: [], last: [] }
      throw new SoraError('unsupported', 'the policy of a package acts once per chunk: take a frameSkip of 1')
    },
    act: async ({ tick, latent, width, height, caption }, memory) => {
      // It walks into the world: one that sees that nothing was done mostly goes on doing nothing.
      if (tick === 0) return remember(memory, leadIn(manifest))
      if (!latent) throw new SoraError('unsupported', 'the policy of a package reads latents, which are not known here')
      const most = manifest.readers?.policy?.maxChunks ?? 1
      memory.latents = [...memory.latents, latent].slice(-most)
      memory.actions = [...memory.actions, encodeActions(manifest.actionSpace, memory.last)].slice(-most)
      const { latents, actions, episode } = memory
      const chunkIndex = tick / manifest.frames.perChunk + 1
      const size = sizeOf(manifest, width, height)
      const drawn = await readers.act({ size, latents, actions, caption, rngSeed: episode.rngSeed, chunkIndex })
      return remember(memory, decodeActions(manifest.actionSpace, drawn))
    },
  }
}

function remember(memory: PlayedSoFar, actions: Action[]): Action[] {
  memory.last = actions
  return actions
}

function leadIn({ frames, actionSpace }: ModelManifest): Action[] {
  const held = actionSpace.buttons.map(({ name }) => name).filter((name) => name === 'forward')
  return Array.from({ length: frames.perChunk }, () => ({ ...NO_ACTION, held }))
}

function sizeOf({ sizes, name }: ModelManifest, width: number, height: number): FrameSize {
  const size = sizes.find((each) => each.width === width && each.height === height)
  if (!size) throw new SoraError('unsupported', `the policy of "${name}" does not know pictures of ${width}x${height}`)
  return size
}
