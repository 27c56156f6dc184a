import { SoraError } from '@sora-world/sdk'

type Downlink = 'auto' | 'latent' | 'image'

/** A module with one vector instruction: valid only where there is SIMD. */
const SIMD_MODULE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
])

/**
 * Looks whether this browser can show a world, before anything is downloaded, and who has to decode.
 *
 * @param wanted `auto` becomes `image` where the decoder could not run
 * @throws SoraError `no-webgl`; for `latent` also `no-wasm` and `decoder-failed` (no SIMD)
 */
export function checkBrowser(wanted: Downlink): Downlink {
  if (!hasWebgl()) throw new SoraError('no-webgl', 'WebGL 2 is switched off or not supported')
  if (wanted === 'image') return wanted
  const problem = decoderProblem()
  if (!problem) return wanted
  if (wanted === 'latent') throw problem
  return 'image'
}

function decoderProblem(): SoraError | null {
  if (typeof WebAssembly === 'undefined') return new SoraError('no-wasm', 'WebAssembly is not available')
  if (WebAssembly.validate(SIMD_MODULE)) return null
  return new SoraError('decoder-failed', 'WebAssembly here has no SIMD; browsers have it since 2021, Safari since 16.4')
}

function hasWebgl(): boolean {
  const gl = document.createElement('canvas').getContext('webgl2')
  // Browsers allow few contexts at a time: give this one back.
  gl?.getExtension('WEBGL_lose_context')?.loseContext()
  return gl !== null
}
