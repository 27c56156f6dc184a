import { defineConfig } from 'tsdown'

/** Unbundled: the worker process and the thread of a graph are started by their files, so the folder layout of `src` has to survive. */
export default defineConfig({
  entry: [
    'src/index.ts',
    'src/cli.ts',
    'src/vite/index.ts',
    'src/worker/worker-process.ts',
    'src/model/graph-thread-entry.ts',
  ],
  unbundle: true,
  format: 'esm',
  platform: 'node',
  dts: true,
  fixedExtension: false,
})
