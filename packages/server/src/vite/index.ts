import { toSoraError } from '@sora-world/sdk/protocol'
import type { Plugin, UserConfig } from 'vite'
import { DEFAULT_PORT } from '../cli/serve-options.ts'
import type { WorldServer, WorldServerOptions } from '../index.ts'
import { findFreePort } from './free-port.ts'
import { ISOLATION, proxyTo } from './page-server.ts'

/** How the world server is started beside the page; every option of {@link createWorldServer} that a page has use for. */
export interface SoraWorldPluginOptions
  extends Pick<
    WorldServerOptions,
    'modelDir' | 'provider' | 'variant' | 'steps' | 'memory' | 'maxRooms' | 'worldsDir' | 'defaultPrompt'
  > {
  /** Port of the world server; 2567, or any free one when that is taken. A port that is asked for is not replaced. */
  port?: number
  /** Address of a world server that runs elsewhere: none is started then. */
  server?: string
}

/** Rooms live in variables of the module: one server per process, which outlives restarts of Vite. */
let running: Promise<WorldServer> | undefined

/**
 * Vite plugin for pages that show a generated world. `vite` and `vite preview` start a world server and hand on to it
 * what the page asks of it, so that `location.origin` is the server's address, as it is when `sora-world serve --play`
 * serves the built page. Pages are isolated from other origins, which threads of the decoder need.
 *
 *     export default defineConfig({ plugins: [soraWorld()] })
 */
export function soraWorld(options: SoraWorldPluginOptions = {}): Plugin {
  let port = 0
  return {
    name: 'sora-world',
    async config(_config, { command, isPreview }): Promise<UserConfig> {
      const isServed = command === 'serve' || isPreview === true
      if (isServed && options.server === undefined) {
        port = running ? (await running).port : await findFreePort(options.port, DEFAULT_PORT)
      }
      const page = { headers: ISOLATION, proxy: proxyTo(options.server ?? `http://127.0.0.1:${port}`) }
      return { ...BUILD, server: page, preview: page }
    },
    configureServer: ({ config }) => startOnce(options, port, config.logger.info),
    configurePreviewServer: ({ config }) => startOnce(options, port, config.logger.info),
  }
}

const BUILD: UserConfig = {
  // Relative addresses: the built page may lie in any folder.
  base: './',
  worker: { format: 'es' },
  build: { target: 'es2022', chunkSizeWarningLimit: 1200 },
}

async function startOnce(options: SoraWorldPluginOptions, port: number, log: (line: string) => void): Promise<void> {
  if (options.server !== undefined) return
  try {
    await (running ??= start(options, port, log))
  } catch (thrown) {
    running = undefined
    throw withoutStack(thrown)
  }
}

async function start({ server: _, ...options }: SoraWorldPluginOptions, port: number, log: (line: string) => void) {
  log('starting the world server: loading the model ...')
  const { createWorldServer } = await import('../index.ts')
  const server = await createWorldServer({ ...options, port, log: quiet(log) })
  const { model, modelVersion, chunk } = server.health()
  const pace = `${Math.round(chunk.p50Ms)} ms per chunk of ${chunk.durationMs} ms`
  log(`worlds of ${model} ${modelVersion} at ${server.url} (${pace})`)
  return server
}

/** Connections that come and go are no news. */
function quiet(log: (line: string) => void): (line: string) => void {
  return (line) => {
    if (!line.startsWith('colyseus:')) log(line)
  }
}

/** Vite prints the stack of what a plugin throws: of an error in words, the words are enough. */
function withoutStack(thrown: unknown): Error {
  const error = toSoraError(thrown)
  error.stack = `sora-world: ${error.message} (${error.code})`
  return error
}
