import { join } from 'node:path'
import { defineConfig, mergeConfig } from 'vitest/config'
import repository from '../../vitest.config.ts'

/** The plugin's unit tests with the three that lies in `THREE_FOLDER`. */
const three = join(process.env.THREE_FOLDER ?? '', 'node_modules/three')

export default mergeConfig(
  repository,
  defineConfig({
    root: join(import.meta.dirname, '../..'),
    resolve: {
      alias: [
        { find: /^three$/, replacement: join(three, 'build/three.module.js') },
        { find: /^three\/webgpu$/, replacement: join(three, 'build/three.webgpu.js') },
        { find: /^three\/tsl$/, replacement: join(three, 'build/three.tsl.js') },
        { find: /^three\/addons\//, replacement: `${join(three, 'examples/jsm')}/` },
      ],
    },
  }),
)
