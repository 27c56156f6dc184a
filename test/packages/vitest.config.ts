import { defineConfig } from 'vitest/config'

/** The packages as somebody gets them: published, installed, run. `npm run test:packages` builds them first. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: './publish-packages.ts',
    // Installing takes what the machine and the line take.
    testTimeout: 600_000,
    hookTimeout: 300_000,
    // One after the other: each has a server, a browser or an installation to run.
    fileParallelism: false,
    disableConsoleIntercept: true,
  },
})
