/**
 * Checks every publishable package as npm would ship it: publint for the manifest, are-the-types-wrong for what node16
 * and bundler resolution see, and that no file of the export map is missing. Run `npm run build` first.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { PUBLISHED } from './packages.mjs'

let failures = 0

function run(command, args) {
  try {
    execFileSync('npx', ['--no-install', command, ...args], { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
  } catch (error) {
    failures++
    console.error(`${command} ${args.join(' ')} failed:\n${error.stdout ?? ''}${error.stderr ?? ''}`)
  }
}

/** Files named by the export map and `bin` (the source condition is for this repository only). */
function shippedFiles(manifest) {
  const targets = Object.values(manifest.exports ?? {}).flatMap((entry) =>
    typeof entry === 'string'
      ? [entry]
      : Object.entries(entry)
          .filter(([name]) => !name.startsWith('@'))
          .map(([, file]) => file),
  )
  // A star stands for many.
  return [...targets, ...Object.values(manifest.bin ?? {})].filter((file) => !file.includes('*'))
}

for (const folder of PUBLISHED) {
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  for (const file of shippedFiles(manifest)) {
    if (existsSync(`${folder}/${file}`)) continue
    failures++
    console.error(`${manifest.name}: export ${file} does not exist`)
  }
  run('publint', [folder, '--strict'])
  if (JSON.stringify(manifest.exports).includes('"types"')) run('attw', ['--pack', folder, '--profile', 'esm-only'])
  console.log(`checked ${manifest.name} ${manifest.version}`)
}
process.exit(failures ? 1 : 0)
