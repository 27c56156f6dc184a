/**
 * Finds a Chromium (or Chrome) for the tests that need a real browser, and installs one where it can.
 *
 *   node scripts/ensure-chromium.mjs      prints the path; exits 1 with words when there is none
 *
 * Tests import `findChromium()`: the same search, without installing.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

const MAC = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Inside one folder of Playwright's cache (chromium-1234/), by platform. */
const PLAYWRIGHT_EXECUTABLES = [
  'chrome-linux/chrome',
  'chrome-linux64/chrome',
  'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
  'chrome-win/chrome.exe',
  'chrome-win64/chrome.exe',
]

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function onPath() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))
}

function inWindows() {
  const roots = [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA]
  return roots
    .filter(Boolean)
    .flatMap((root) => [
      join(root, 'Google/Chrome/Application/chrome.exe'),
      join(root, 'Chromium/Application/chrome.exe'),
    ])
}

function inPlaywrightCache() {
  const caches = [
    process.env.PLAYWRIGHT_BROWSERS_PATH,
    join(homedir(), '.cache/ms-playwright'),
    join(homedir(), 'Library/Caches/ms-playwright'),
    process.env.LOCALAPPDATA && join(process.env.LOCALAPPDATA, 'ms-playwright'),
  ]
  return caches
    .filter((folder) => folder && existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.startsWith('chromium-'))
        .flatMap((name) => PLAYWRIGHT_EXECUTABLES.map((file) => join(folder, name, file))),
    )
}

/** Path of a browser that can be started, or undefined. `CHROMIUM_PATH` wins and is not second-guessed. */
export function findChromium() {
  if (process.env.CHROMIUM_PATH) {
    return isExecutable(process.env.CHROMIUM_PATH) ? process.env.CHROMIUM_PATH : undefined
  }
  const candidates = ['/usr/bin/chromium', ...onPath(), ...MAC, ...inWindows(), ...inPlaywrightCache()]
  return candidates.find(isExecutable)
}

/** Installer output goes to stderr: stdout carries the path and nothing else. */
function run(command, args) {
  process.stderr.write(`> ${command} ${args.join(' ')}\n`)
  const { status } = spawnSync(command, args, {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  return status === 0
}

function install() {
  const isDebianRoot = existsSync('/etc/debian_version') && process.getuid?.() === 0
  if (isDebianRoot && run('apt-get', ['update']) && run('apt-get', ['install', '-y', 'chromium', 'libvulkan1'])) return
  run('npx', ['--no-install', 'playwright-core', 'install', 'chromium'])
}

function main() {
  const wanted = process.env.CHROMIUM_PATH
  if (wanted && !findChromium()) {
    process.stderr.write(`CHROMIUM_PATH is ${wanted}, which is not an executable file.\n`)
    process.exit(1)
  }
  if (!findChromium()) install()
  const path = findChromium()
  if (!path) {
    process.stderr.write(
      'No Chromium or Chrome found, and none could be installed. The browser tests need one:\n' +
        '  Debian, Ubuntu   apt-get install chromium\n' +
        '  any system       npx playwright install chromium\n' +
        '  or set CHROMIUM_PATH to the browser you have.\n',
    )
    process.exit(1)
  }
  process.stdout.write(`${path}\n`)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main()
