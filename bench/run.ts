import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * `npm run bench -- <name> [options]`: runs `bench/<name>.ts`, one file per figure. Each exports `run(argv)`, prints
 * its environment and a table, and ends with one line of JSON. Files with a hyphen are parts of a bench, not benches.
 */
const SHARED = ['run.ts', 'environment.ts']
const [name = '', ...argv] = process.argv.slice(2)
const folder = fileURLToPath(new URL('.', import.meta.url))
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && !file.includes('-') && !SHARED.includes(file))
  .map((file) => basename(file, '.ts'))

if (names.includes(name)) {
  const bench: { run(argv: string[]): Promise<void> } = await import(new URL(`./${name}.ts`, import.meta.url).href)
  try {
    await bench.run(argv)
    // Native threads of a model would keep the process alive.
    process.exit(0)
  } catch (error) {
    console.error(`bench ${name}: ${error instanceof Error ? error.message : error}`)
    process.exit(1)
  }
}
console.error(`usage: npm run bench -- <name> [options]; there is: ${names.join(', ')}`)
process.exit(2)
