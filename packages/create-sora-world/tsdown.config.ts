import { defineConfig } from 'tsdown'

/** One file with everything in it: `npm create` then fetches this package and no other. */
export default defineConfig({
  entry: ['src/cli.ts'],
  format: 'esm',
  platform: 'node',
  target: 'node20',
  fixedExtension: false,
  deps: { alwaysBundle: [/./], onlyBundle: false },
  dts: false,
})
