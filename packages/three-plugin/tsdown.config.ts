import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: ['src/index.ts', 'src/webgpu.ts', 'src/react.ts'],
  format: 'esm',
  platform: 'neutral',
  dts: true,
  unbundle: true,
  sourcemap: true,
})
