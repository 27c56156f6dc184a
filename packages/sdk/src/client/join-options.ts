import type { FrameDecoder } from '../decode/frame-decoder.ts'
import { cleanPromptText, LIMITS, PROTOCOL_VERSION } from '../protocol/index.ts'
import type { TransportJoin } from '../transport/transport.ts'
import type { WorldClientOptions } from './world-options.ts'

/**
 * What a client tells when it joins.
 *
 * @param snapshot id of the world that the new room goes on with
 * @throws SoraError `prompt-empty` or `prompt-too-long`
 */
export function makeJoin(
  options: WorldClientOptions,
  downlink: FrameDecoder['kind'],
  snapshot?: string,
): TransportJoin {
  const { roomId, prompt, rngSeed, size, steps, role, guard } = options
  return {
    roomId,
    options: {
      protocol: PROTOCOL_VERSION,
      downlink,
      ...(prompt ? { prompt: cleanPromptText(prompt, LIMITS.promptLength) } : {}),
      ...(rngSeed === undefined ? {} : { rngSeed }),
      ...(size ? { size: { width: size.width, height: size.height } } : {}),
      ...(steps === undefined ? {} : { steps }),
      ...(role ? { role } : {}),
      ...(guard === undefined ? {} : { guard }),
      ...(snapshot === undefined ? {} : { snapshot }),
    },
  }
}
