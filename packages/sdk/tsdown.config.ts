import { defineConfig } from 'tsdown'

/** In the sources it is the TypeScript file, which Vite resolves; in the package the built one. */
const SOURCE_WORKER = `new URL('./decoder-worker.ts'`
const BUILT_WORKER = `new URL('./decoder-worker.js'`

/**
 * One output file per source file: the worker is started as `new URL('./decoder-worker.js', import.meta.url)`, so it has
 * to lie beside the code that starts it, as it does in the sources.
 */
export default defineConfig({
  entry: ['src/index.ts', 'src/agent/index.ts', 'src/protocol/index.ts', 'src/decode/decoder-worker.ts'],
  format: 'esm',
  platform: 'neutral',
  unbundle: true,
  dts: true,
  sourcemap: true,
  clean: true,
  plugins: [
    {
      name: 'worker-url',
      transform(code: string) {
        if (!code.includes(SOURCE_WORKER)) return null
        // Of equal length: the source map stays right.
        return { code: code.replace(SOURCE_WORKER, BUILT_WORKER), map: null }
      },
    },
  ],
})
