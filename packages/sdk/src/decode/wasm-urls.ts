/** Addresses of the two files of a WebAssembly runtime. */
export interface WasmUrls {
  wasm: string
  /** The glue, which each thread loads by itself: it must not be folded into another file. */
  mjs: string
}

/**
 * Where the runtime lies. Bundlers (Vite, webpack, Parcel) know `new URL(name, import.meta.url)`, copy the file and put
 * its address in. In Node the runtime finds its files by itself: null.
 */
export function wasmUrls(): WasmUrls | null {
  if (isNode()) return null
  return {
    wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.wasm', import.meta.url).href,
    mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.mjs', import.meta.url).href,
  }
}

export function webgpuWasmUrls(): WasmUrls | null {
  if (isNode()) return null
  return {
    wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url).href,
    mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs', import.meta.url).href,
  }
}

function isNode(): boolean {
  return typeof process === 'object' && typeof process.versions?.node === 'string'
}
