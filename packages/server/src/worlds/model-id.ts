import { createHash } from 'node:crypto'
import type { ModelManifest } from '@sora-world/sdk/protocol'
import type { WorldModelId } from './world-value.ts'

/** What a world file says of the model it belongs to. */
export function modelId(manifest: ModelManifest): WorldModelId {
  const { name, version } = manifest
  return { name, version, manifest: createHash('sha256').update(JSON.stringify(manifest)).digest('hex') }
}
