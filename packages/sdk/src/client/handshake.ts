import type { FrameDecoder } from '../decode/frame-decoder.ts'
import { ImageDecoder } from '../decode/image-decoder.ts'
import { LatentDecoder } from '../decode/latent-decoder.ts'
import type { ModelFiles } from '../decode/model-files.ts'
import {
  cleanPromptText,
  type JoinOptions,
  LIMITS,
  type ModelManifest,
  PROTOCOL_VERSION,
  type SoraError,
  toSoraError,
  type WelcomeMessage,
} from '../protocol/index.ts'
import type { WorldClientOptions } from './world-options.ts'

/** What a client tells when it joins. */
export function joinOptions(options: WorldClientOptions): JoinOptions {
  const { rngSeed, size, steps, role } = options
  return {
    protocol: PROTOCOL_VERSION,
    ...(options.prompt ? { prompt: cleanPromptText(options.prompt, LIMITS.promptLength) } : {}),
    downlink: firstDownlink(options),
    ...(rngSeed === undefined ? {} : { rngSeed }),
    ...(size ? { size: { width: size.width, height: size.height } } : {}),
    ...(steps === undefined ? {} : { steps }),
    ...(role ? { role } : {}),
  }
}

function firstDownlink({ downlink = 'auto', decoder }: WorldClientOptions): 'latent' | 'image' {
  if (decoder) return decoder.kind
  return downlink === 'image' ? 'image' : 'latent'
}

export interface DecoderStart {
  welcome: WelcomeMessage
  manifest: ModelManifest
  files: ModelFiles
  signal: AbortSignal
  progress(words: string): void
}

/**
 * The decoder that works here, loaded. `fellBack` says why it is not the one that was wanted first.
 *
 * @throws SoraError of the decoder when there is no other way
 */
export async function startDecoder(
  options: WorldClientOptions,
  start: DecoderStart,
): Promise<{ decoder: FrameDecoder; fellBack: SoraError | null }> {
  const { downlink = 'auto' } = options
  const wanted = options.decoder ?? (downlink === 'image' ? new ImageDecoder() : new LatentDecoder())
  try {
    return { decoder: await load(wanted, start), fellBack: null }
  } catch (error) {
    wanted.dispose()
    start.signal.throwIfAborted()
    if (wanted.kind === 'image' || downlink === 'latent') throw error
    start.progress('the decoder does not run here: the server will send pictures')
    return { decoder: await load(new ImageDecoder(), start), fellBack: toSoraError(error, 'decoder-failed') }
  }
}

async function load(decoder: FrameDecoder, { welcome, manifest, files, signal, progress }: DecoderStart) {
  // Nobody else knows the decoder while it loads.
  const onAbort = () => decoder.dispose()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await decoder.load({ manifest, variant: welcome.variant, size: welcome.size, files, signal, onProgress: progress })
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
  return decoder
}
