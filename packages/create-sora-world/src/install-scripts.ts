import type { PackageManager } from './package-manager.ts'

/**
 * Packages among the dependencies that would run a script when they are installed. None of them has to: what they fetch
 * is in other packages already, or is for graphics cards of one maker (`onnxruntime-node` loads hundreds of megabytes, and
 * fails where it cannot).
 */
const WITH_SCRIPTS = ['esbuild', 'msgpackr-extract', 'onnxruntime-node', 'protobufjs', 'sharp']

/** First npm that reads `allowScripts` from package.json. */
const NPM_WITH_ALLOW_SCRIPTS = [11, 16] as const

/** What is added to package.json so that npm does not run them. */
export function allowScripts(): Record<string, false> {
  return Object.fromEntries(WITH_SCRIPTS.map((name) => [name, false]))
}

/** Files by name that tell the package manager the same where package.json does not. */
export function scriptSettings(manager: PackageManager): Record<string, string> {
  switch (manager.name) {
    case 'pnpm':
      return { 'pnpm-workspace.yaml': pnpmSettings() }
    case 'yarn':
      return { '.yarnrc.yml': 'nodeLinker: node-modules\nenableScripts: false\n' }
    case 'npm':
      return isBefore(manager.version, NPM_WITH_ALLOW_SCRIPTS) ? { '.npmrc': NPMRC } : {}
    default:
      return {}
  }
}

/** Newer ones warn about a setting that they do not know. */
const NPMRC = `# The script of onnxruntime-node would load libraries for NVIDIA cards. Not needed from npm 11.16 on: see package.json
onnxruntime-node-install=skip
`

function pnpmSettings(): string {
  const lines = WITH_SCRIPTS.map((name) => `  ${name}: false`)
  return `# Scripts that packages would run when they are installed: none is needed.\nallowBuilds:\n${lines.join('\n')}\n`
}

function isBefore([major, minor]: readonly [number, number], [toMajor, toMinor]: readonly [number, number]): boolean {
  return major < toMajor || (major === toMajor && minor < toMinor)
}
