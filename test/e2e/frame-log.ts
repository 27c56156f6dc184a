import type { WorldClient } from '@sora-world/sdk'
import type { Page } from 'playwright-core'

/** Pictures as numbers: `world/chunk/frame` to a hash of all RGBA bytes. */
export type FrameLog = Record<string, number>

declare global {
  interface Window {
    __sora?: { world: WorldClient }
    __frames?: FrameLog
  }
}

/** Opens `?test` pages: waits until the first frame is on the screen, and writes down every frame from then on. */
export async function playTestPage(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.waitForFunction(() => window.__sora?.world.frame, undefined, { timeout: 60_000 })
  await page.evaluate(() => {
    const log: Record<string, number> = (window.__frames = {})
    window.__sora!.world.on('frame', ({ world, seq, indexInChunk, rgba }) => {
      let hash = 0x811c9dc5
      for (const byte of rgba) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
      log[`${world}/${seq}/${indexInChunk}`] = hash
    })
  })
}

export function frameLog(page: Page): Promise<FrameLog> {
  return page.evaluate(() => ({ ...window.__frames }))
}

/** Waits for so many more frames. */
export async function moreFrames(page: Page, count: number, timeoutMs = 20_000): Promise<void> {
  const before = Object.keys(await frameLog(page)).length
  await page.waitForFunction((total) => Object.keys(window.__frames ?? {}).length >= total, before + count, {
    timeout: timeoutMs,
    polling: 100,
  })
}

/** Frames of one world in both logs: how many, and how many of them are equal. */
export function compareLogs(a: FrameLog, b: FrameLog, worldA: number, worldB = worldA) {
  let shared = 0
  let equal = 0
  for (const [key, hash] of Object.entries(a)) {
    const [world, ...place] = key.split('/')
    const other = b[[worldB, ...place].join('/')]
    if (Number(world) !== worldA || other === undefined) continue
    shared++
    if (other === hash) equal++
  }
  return { shared, equal }
}
