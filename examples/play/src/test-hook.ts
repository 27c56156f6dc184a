import type { WorldClient } from '@sora-world/sdk'

declare global {
  interface Window {
    /** The client of the page, for browser tests; only with `?test`. */
    __sora?: { world: WorldClient }
  }
}

export function showTo(world: WorldClient): void {
  window.__sora = { world }
}
