import { defineConfig } from 'tsdown'

/** Unbundled: the worker process is started by its file, so the folder layout of `src` has to survive. */
export default defineConfig({
  entry: ['src/index.ts', 'src/cli.ts', 'src/vite/index.ts', 'src/worker/worker-process.ts'],
  unbundle: true,
  format: 'esm',
  platform: 'node',
  dts: true,
  fixedExtension: false,
})
