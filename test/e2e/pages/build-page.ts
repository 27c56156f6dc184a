import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { build } from 'vite'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
}

/** Bundles one module of this folder from the sources of the packages; returns the file. */
export async function bundleModule(entry: string, outFolder: string): Promise<string> {
  await build({
    configFile: false,
    logLevel: 'error',
    base: './',
    worker: { format: 'es' },
    resolve: { conditions: ['@sora/source', 'module', 'browser', 'development'] },
    build: {
      outDir: outFolder,
      emptyOutDir: true,
      minify: false,
      target: 'esnext',
      // Not as a library: that would write all files of the decoder's runtime into the page.
      rollupOptions: { input: entry, output: { format: 'es', entryFileNames: 'page.js' } },
    },
  })
  return join(outFolder, 'page.js')
}

export interface StaticServer {
  url: string
  close(): Promise<void>
}

/** Serves a folder on a free port; `/` is a page that loads `page.js`. */
export async function serveFolder(folder: string): Promise<StaticServer> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    if (path === '/') {
      response.setHeader('content-type', 'text/html')
      response.end('<!doctype html><link rel="icon" href="data:,"><script type="module" src="page.js"></script>')
      return
    }
    readFile(join(folder, path)).then(
      (bytes) => {
        response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream')
        response.end(bytes)
      },
      () => response.writeHead(404).end(),
    )
  })
  return listen(server)
}

async function listen(server: Server): Promise<StaticServer> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
