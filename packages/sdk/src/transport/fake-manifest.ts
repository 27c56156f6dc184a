import { MANIFEST_VERSION, type ModelManifest } from '../protocol/index.ts'

const HOTBAR = Array.from({ length: 9 }, (_, slot) => `hotbar.${slot + 1}`)
const HELD = ['forward', 'back', 'left', 'right', 'jump', 'sneak', 'sprint', 'attack', 'use']

/** A manifest in the shape of the nano model, of a model that does not exist. */
export const FAKE_MANIFEST: ModelManifest = {
  manifestVersion: MANIFEST_VERSION,
  name: 'fake',
  version: '0.0.0',
  licence: 'Apache-2.0',
  frames: { perSecond: 20, perChunk: 4 },
  sizes: [{ width: 128, height: 80, latentWidth: 8, latentHeight: 5 }],
  latent: { channels: 4, wire: { clip: 4.5 } },
  actionSpace: {
    buttons: [
      ...HELD.map((name) => ({ name, binding: 'hold' as const })),
      ...['drop', ...HOTBAR].map((name) => ({ name, binding: 'press' as const })),
    ],
    axes: ['camera.yaw', 'camera.pitch'].map((name) => ({
      name,
      binding: 'pointer' as const,
      unit: 'degrees/frame',
      max: 8,
    })),
  },
  denoiser: {
    contextChunks: 8,
    tokensPerChunk: { fixed: 10, perLatentCell: 1 },
    layers: 2,
    heads: 4,
    headDim: 8,
    timePeriod: 64,
    steps: { default: 2, allowed: [1, 2, 4], max: 16 },
    contextNoise: 0.1,
  },
  decoder: { stateChannels: 8, depthScale: 8 },
  text: {
    length: 8,
    queryTokens: 4,
    width: 8,
    pooledWidth: 8,
    tokenizer: { kind: 'words', words: ['<pad>'], hashBuckets: 8 },
  },
  pose: { fields: ['right', 'up', 'forward', 'yaw', 'pitch', 'onGround'] },
  outputs: ['rgb', 'depth', 'pose'],
  camera: { verticalFovDegrees: 60 },
  variants: { fake: { encoder: 'none', decoder: 'none', text: 'none', denoiser: 'none' } },
  files: { none: { sha256: '0'.repeat(64), bytes: 1 } },
  training: { tier: 'fake', summary: 'not trained' },
}
