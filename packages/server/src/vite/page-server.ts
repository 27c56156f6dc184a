import type { ProxyOptions } from 'vite'

/** Threads of the decoder need a page that is isolated from other origins; WebSockets are not affected. */
export const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

/** What a page asks of its world server: rooms, the model, world files, figures; and the sockets, `/<process>/<room>`. */
export function proxyTo(server: string): Record<string, string | ProxyOptions> {
  return {
    '^/(matchmake|models|worlds|health|metrics)(/|$)': server,
    '^/[\\w-]{9}/[\\w-]{9}(\\?|$)': { target: server, ws: true },
  }
}
