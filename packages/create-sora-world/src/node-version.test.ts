import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ENTRY = fileURLToPath(new URL('../index.js', import.meta.url))

/** Runs the entry as a Node of another version would: with its number, and without the program behind it. */
function startWith(version: string): string {
  const text = readFileSync(ENTRY, 'utf8')
    .replace(/^#!.*/, '')
    .replace('process.versions.node', JSON.stringify(version))
    .replace("import('./dist/cli.js')", "console.log('starts')")
  return spawnSync(process.execPath, ['-e', text], { encoding: 'utf8' }).output.join('')
}

describe('the entry', () => {
  it.each(['14.21.3', '18.20.0', '20.18.1', '22.11.0'])(
    'tells Node %s which one is needed and how to get it',
    (version) => {
      const said = startWith(version)
      expect(said).toContain(`needs Node 20.19 or 22.12 or newer; this is Node ${version}`)
      expect(said).toContain('nvm install --lts')
      expect(said).not.toContain('starts')
    },
  )

  it.each(['20.19.0', '22.12.0', '24.0.0', '26.10.0'])('starts with Node %s', (version) => {
    expect(startWith(version)).toBe('starts\n')
  })
})
