import { type ModelManifest, parseManifest } from '@sora-world/sdk/protocol'

const HELD = ['forward', 'back', 'left', 'right', 'jump', 'sneak', 'sprint', 'attack', 'use']
const PRESSED = ['drop', ...Array.from({ length: 9 }, (_, i) => `hotbar.${i + 1}`)]
const WORDS = [
  '<pad>',
  'a',
  'the',
  'in',
  'at',
  'of',
  'forest',
  'desert',
  'snowy',
  'day',
  'dusk',
  'night',
  'rain',
  'snow',
]

const CHANNELS = 10
/** Red, green, blue and known of the first view of the memory, mean over each latent cell. */
export const MEMORY_SHOWN = 4

export interface FakeAbilities {
  memory?: boolean
  /** Needs `memory`. */
  fusion?: boolean
}

/**
 * The package that the fake model pretends to be: same controls as the trained ones, everything else tiny.
 *
 * @param options.memory with world memory, which it shows in {@link MEMORY_SHOWN} more latent channels; `fusion`: and with
 * depth fusion, which fills one more
 */
export function fakeManifest({ memory = false, fusion = false }: FakeAbilities = {}): ModelManifest {
  const graphs = { encoder: 'none', decoder: 'none', text: 'none', denoiser: 'none' }
  return parseManifest({
    manifestVersion: 1,
    name: 'fake',
    version: '0.1.0',
    licence: 'Apache-2.0',
    frames: { perSecond: 20, perChunk: 4 },
    sizes: [
      { width: 64, height: 48, latentWidth: 8, latentHeight: 6 },
      { width: 48, height: 64, latentWidth: 6, latentHeight: 8 },
    ],
    latent: {
      channels: CHANNELS + (memory ? MEMORY_SHOWN : 0) + Number(fusion),
      depthChannels: fusion ? 1 : undefined,
      wire: { clip: 4.5 },
    },
    actionSpace: {
      buttons: [
        ...HELD.map((name) => ({ name, binding: 'hold' })),
        ...PRESSED.map((name) => ({ name, binding: 'press' })),
      ],
      axes: ['camera.yaw', 'camera.pitch'].map((name) => ({ name, binding: 'pointer', unit: 'degrees/frame', max: 8 })),
    },
    denoiser: {
      contextChunks: 4,
      tokensPerChunk: { fixed: 2, perLatentCell: 1 },
      layers: 2,
      heads: 2,
      headDim: 4,
      timePeriod: 1024,
      steps: { default: 2, allowed: [1, 2, 4], max: 16 },
      contextNoise: 0.1,
    },
    decoder: { stateChannels: 2, depthScale: 8 },
    text: {
      length: 24,
      queryTokens: 2,
      width: 4,
      pooledWidth: 4,
      tokenizer: { kind: 'words', words: WORDS, hashBuckets: 64 },
    },
    pose: { fields: ['right', 'up', 'forward', 'yaw', 'pitch', 'onGround'] },
    outputs: ['rgb', 'depth', 'pose'],
    memory: memory ? { scale: 2, channels: 24, maxPoints: 8192, fusion: fusion ? 'none' : undefined } : null,
    camera: { verticalFovDegrees: 60 },
    variants: { fake: graphs },
    files: { none: { sha256: '0'.repeat(64), bytes: 1 } },
    training: { tier: 'fake', summary: 'Analytic stand-in: no weights, nothing learnt.' },
  })
}
