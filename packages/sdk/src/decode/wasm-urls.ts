/**
 * Where the runtime's WebAssembly lies. Bundlers (Vite, webpack, Rollup plugins, Parcel) know `new URL(name,
 * import.meta.url)`, copy the file and put its address in. In Node the runtime finds the file by itself: null.
 */
export function wasmUrl(): string | null {
  if (isNode()) return null
  return new URL('onnxruntime-web/ort-wasm-simd-threaded.wasm', import.meta.url).href
}

export function webgpuWasmUrl(): string | null {
  if (isNode()) return null
  return new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url).href
}

function isNode(): boolean {
  return typeof process === 'object' && typeof process.versions?.node === 'string'
}
