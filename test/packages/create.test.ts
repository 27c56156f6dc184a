import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { keepScreenshot } from '../e2e/browser.ts'
import { emptyPlace, npmCreate } from './project.ts'
import { run, startProgram } from './run.ts'
import { seesMovingWorld } from './watch-page.ts'

const seconds = (fromMs: number) => ((performance.now() - fromMs) / 1000).toFixed(1)
const ADDRESS = /Local: +(http:\/\/\S+)/

describe('npm create sora-world', () => {
  it('play: a page in which the world moves', async () => {
    const place = await emptyPlace()
    const project = await npmCreate(place, 'my-world', 'play')
    expect(project.printed).toMatch(/cd my-world && npm install\n +npm run dev/)
    await run('npm', ['install'], project)
    const dev = startProgram('npm', ['run', 'dev'], project)
    try {
      const [, url] = await dev.waitFor(ADDRESS)
      await seesMovingWorld(url!, async ({ page }) => {
        await page.locator('canvas').focus()
        await page.keyboard.down('KeyW')
        await keepScreenshot(page, 'created-play')
      })
    } finally {
      await dev.stop()
    }
  })
})
