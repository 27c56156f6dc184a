#!/usr/bin/env node
// Written so that old versions of Node can read it: they are told what they lack instead of failing on syntax.
var version = process.versions.node
var parts = version.split('.')
var major = Number(parts[0])
var minor = Number(parts[1])

if (major < 20 || (major === 20 && minor < 19) || (major === 22 && minor < 12)) {
  console.error(
    'create-sora-world needs Node 20.19 or 22.12 or newer; this is Node ' +
      version +
      '.\n' +
      '  Get the current one:  https://nodejs.org/en/download\n' +
      '  with nvm:             nvm install --lts\n' +
      '  with fnm:             fnm install --lts\n' +
      '  with Volta:           volta install node',
  )
  process.exitCode = 1
} else {
  import('./dist/cli.js')
}
