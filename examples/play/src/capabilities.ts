import { SoraError } from '@sora-world/sdk'

/**
 * Looks whether this browser can show a world at all, before anything is downloaded.
 *
 * @throws SoraError `no-webgl` or `no-wasm`
 */
export function checkBrowser({ needsWasm }: { needsWasm: boolean }): void {
  if (!hasWebgl()) throw new SoraError('no-webgl', 'WebGL 2 is switched off or not supported')
  if (needsWasm && typeof WebAssembly === 'undefined') throw new SoraError('no-wasm', 'WebAssembly is not available')
}

function hasWebgl(): boolean {
  const gl = document.createElement('canvas').getContext('webgl2')
  // Browsers allow few contexts at a time: give this one back.
  gl?.getExtension('WEBGL_lose_context')?.loseContext()
  return gl !== null
}
