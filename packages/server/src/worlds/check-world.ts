import { type ModelManifest, SoraError, toSoraError } from '@sora-world/sdk/protocol'
import { memorySettings } from '../memory/memory-settings.ts'
import { WorldMemory } from '../memory/world-memory.ts'
import { modelDims } from '../model/denoiser.ts'
import { historyReach } from './history-reach.ts'
import { modelId } from './model-id.ts'
import type { WorldValue } from './world-value.ts'

/**
 * Whether a model can take a world up: all that the worker would stumble over is refused here, before anything changed.
 *
 * @throws SoraError `world-mismatch` for a world of another model, `world-invalid` for one that the model cannot have made
 */
export function checkWorld(value: WorldValue, manifest: ModelManifest): void {
  const mine = modelId(manifest)
  const { name, version, manifest: hash } = value.model
  if (hash !== mine.manifest) {
    const other = name === mine.name && version === mine.version ? 'other files' : `${name} ${version}`
    throw new SoraError('world-mismatch', `the world was made by ${other}; this is ${mine.name} ${mine.version}`)
  }
  const { size, steps } = value
  const isOffered = manifest.sizes.some((each) =>
    Object.entries(each).every(([key, n]) => size[key as keyof typeof size] === n),
  )
  if (!isOffered) refuse(`the model has no size ${size.width}x${size.height}`)
  if (!manifest.denoiser.steps.allowed.includes(steps)) refuse(`the model has no ${steps}-step sampler`)
  checkNumbers(value, manifest)
  checkHistory(value, manifest)
}

function checkNumbers({ size, log, history, mark }: WorldValue, manifest: ModelManifest): void {
  const dims = modelDims(manifest, size)
  const { framesPerChunk, actionWidth, poseFields, latentLength, stateChannels, latentHeight, latentWidth } = dims
  expect('actions', log.actions.length, log.hashes.length * framesPerChunk * actionWidth)
  for (const { latent, pose } of history) {
    expect('a latent', latent.length, latentLength)
    if (pose) expect('a pose', pose.length, framesPerChunk * poseFields)
  }
  if (mark?.decoder) expect('the decoder state', mark.decoder.length, stateChannels * latentHeight * latentWidth)
}

function checkHistory({ size, memory, next, history, mark }: WorldValue, manifest: ModelManifest): void {
  const first = next - history.length
  if (first > 0 && history.length < historyReach(manifest)) refuse(`${history.length} chunks are too few to go on from`)
  const settings = memory ? memorySettings(manifest, size) : undefined
  if (!settings || first === 0) return
  if (!mark?.memory) refuse('its world memory is missing')
  try {
    WorldMemory.restore(settings, mark.memory)
    if (mark.wellMemory) WorldMemory.restore(settings, mark.wellMemory)
  } catch (thrown) {
    throw new SoraError('world-invalid', `its world memory: ${toSoraError(thrown).message}`, { cause: thrown })
  }
}

function expect(what: string, length: number, wanted: number): void {
  if (length !== wanted) refuse(`${what}: ${length} numbers instead of ${wanted}`)
}

function refuse(reason: string): never {
  throw new SoraError('world-invalid', `the model cannot play this world: ${reason}`)
}
