import type { UserConfig } from 'vite'

/** Threads of the decoder need a page that is isolated from other origins; WebSockets are not affected. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

/** In development the page comes from Vite and everything else from the world server: also its sockets, `/<process>/<room>`. */
const SERVER = 'http://127.0.0.1:2567'
const PROXY = {
  '^/(matchmake|models|health|worlds)(/|$)': SERVER,
  '^/[\\w-]{9}/[\\w-]{9}(\\?|$)': { target: SERVER, ws: true },
}

/** How the examples' pages are built and served; `largestKilobytes` of one file before the build warns. */
export function pageConfig(root: string, largestKilobytes: number): UserConfig {
  return {
    root,
    // Relative addresses: the built page may lie in any folder.
    base: './',
    resolve: { conditions: ['@sora/source', 'module', 'browser', 'development|production'] },
    worker: { format: 'es' },
    build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: largestKilobytes },
    server: { headers: ISOLATION, proxy: PROXY },
    preview: { headers: ISOLATION, proxy: PROXY },
  }
}
