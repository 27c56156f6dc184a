import { defineConfig } from 'vitest/config'

/** Unit tests sit beside the sources; `test/` holds what crosses packages. */
export default defineConfig({
  resolve: { conditions: ['@sora/source'] },
  ssr: { resolve: { conditions: ['@sora/source', 'module', 'node', 'development|production'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test/packages/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: real-time tests would disturb each other.
    maxWorkers: 2,
  },
})
