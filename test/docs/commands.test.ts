import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, it } from 'vitest'
import { HELP as CREATE_HELP } from '../../packages/create-sora-world/src/options.ts'
import { AGENT_HELP } from '../../packages/server/src/cli/agent-options.ts'
import { DOCTOR_HELP } from '../../packages/server/src/cli/doctor.ts'
import { EVAL_HELP } from '../../packages/server/src/cli/eval-options.ts'
import { GENERATE_HELP } from '../../packages/server/src/cli/generate-options.ts'
import { REPLAY_HELP, SNAPSHOT_HELP } from '../../packages/server/src/cli/replay.ts'
import { SERVE_HELP } from '../../packages/server/src/cli/serve-options.ts'
import { inlineCode, type Page, ROOT, readPages } from './pages.ts'

/** Options by command of `sora-world`. */
const HELP: Record<string, string> = {
  serve: SERVE_HELP,
  generate: GENERATE_HELP,
  agent: AGENT_HELP,
  eval: EVAL_HELP,
  replay: REPLAY_HELP,
  snapshot: SNAPSHOT_HELP,
  doctor: DOCTOR_HELP,
}
/** Scripts that end in a command of `sora-world`. */
const COMMAND_OF: Record<string, string> = { start: 'serve', dev: 'serve' }
/** What npm itself understands. */
const NPM_ALONE = new Set(['install', 'create', 'ci', 'test', 'start'])

const pages = readPages()

/** Everything on a page that one would type, a command per entry. */
function commandsOf(page: Page): string[] {
  const shell = page.fences.filter(({ language }) => language === 'sh' || language === '').map(({ code }) => code)
  return [...shell, ...inlineCode(page)]
    .flatMap((text) => text.replace(/\\\n/g, ' ').split(/\n|&&|;/))
    .map((line) => line.replace(/\s#.*$/, '').trim())
}

/** Scripts that a command can mean: of the workspace it names, of the project that a template becomes, else of the repository. */
function scriptsFor({ path }: Page, command: string): Record<string, string> {
  const workspace = / -w (\S+)/.exec(command)?.[1]
  if (workspace !== undefined) return scriptsOf(WORKSPACES.get(workspace) ?? '.no-such-workspace') ?? {}
  return scriptsOf(/^packages\/create-sora-world\/templates\/\w+\//.exec(path)?.[0] ?? '') ?? {}
}

function scriptsOf(folder: string): Record<string, string> | undefined {
  const path = posix.join(ROOT, folder, 'package.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')).scripts ?? {}) : undefined
}

/** Folder by package name. */
const WORKSPACES = new Map(
  ['packages', 'examples'].flatMap((parent) =>
    readdirSync(posix.join(ROOT, parent))
      .map((name) => posix.join(parent, name))
      .filter((folder) => scriptsOf(folder) !== undefined)
      .map(
        (folder) => [JSON.parse(readFileSync(posix.join(ROOT, folder, 'package.json'), 'utf8')).name, folder] as const,
      ),
  ),
)

const flagsIn = (text: string) => [...text.matchAll(/(?:^|\s|")(--[a-z][\w-]*)/g)].map(([, flag]) => flag!)

function unknownFlags(command: string, help: string | undefined): string[] {
  if (help === undefined) return [`${command}: no such command`]
  return flagsIn(command)
    .filter((flag) => flag !== '--help' && !new RegExp(`${flag}\\b(?!-)`).test(help))
    .map((flag) => `${command}: no ${flag}`)
}

function problemsOf(page: Page, command: string): string[] {
  const called = /^(?:npx )?sora-world ([a-z]+)\b(.*)$/.exec(command)
  if (called) return unknownFlags(called[2]!, HELP[called[1]!])
  const created = /^(?:npm|pnpm) create sora-world\S*(.*)$/.exec(command)
  if (created) return unknownFlags(created[1]!.replace(' -- ', ' '), CREATE_HELP)
  const bench = /^npm run bench -- ([a-z]+)/.exec(command)
  if (bench) return existsSync(posix.join(ROOT, 'bench', `${bench[1]}.ts`)) ? [] : [`${command}: no such bench`]
  const module = /python -m (sora_world[\w.]*)/.exec(command)?.[1]
  if (module) {
    const file = posix.join(ROOT, 'training', module.replaceAll('.', '/'))
    return existsSync(`${file}.py`) || existsSync(`${file}/__main__.py`) ? [] : [`${command}: no such module`]
  }
  const npm = /^npm (?:run |--silent )*([a-z][\w:-]*)(?: --silent)?(.*)$/.exec(command)
  if (!npm) return []
  const [, script, rest] = npm as unknown as [string, string, string]
  const scripts = scriptsFor(page, command)
  if (!Object.hasOwn(scripts, script)) return NPM_ALONE.has(script) ? [] : [`${command}: no such script`]
  const ours = COMMAND_OF[script] ?? script
  const isOurs = /cli\.ts|sora-world/.test(scripts[script]!)
  return isOurs && rest.includes(' -- ') ? unknownFlags(rest.replace(' -- ', ' '), HELP[ours]) : []
}

it.each(pages.map((page) => [page.path, page] as const))('%s names commands and options that exist', (_, page) => {
  expect(commandsOf(page).flatMap((command) => problemsOf(page, command))).toEqual([])
})

it('has a page of the server that tells of every option', () => {
  const { text } = pages.find(({ path }) => path === 'docs/server.md')!
  expect(flagsIn(SERVE_HELP).filter((flag) => !text.includes(flag) && flag !== '--help')).toEqual([])
})

/** Options of anything that can be called here, for those that stand alone in the text. */
const known = [...Object.values(HELP), CREATE_HELP, ...sourcesIn('training/sora_world'), ...sourcesIn('bench')].join(
  '\n',
)

function sourcesIn(folder: string): string[] {
  return readdirSync(posix.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name)
    if (entry.isDirectory()) return sourcesIn(path)
    return /\.(py|ts)$/.test(path) ? [readFileSync(posix.join(ROOT, path), 'utf8')] : []
  })
}

it.each(pages.map((page) => [page.path, page] as const))('%s names no option that nothing has', (_, page) => {
  const flags = inlineCode(page)
    .filter((code) => code.startsWith('--'))
    .flatMap(flagsIn)
  expect(flags.filter((flag) => !new RegExp(`${flag}\\b(?!-)`).test(known))).toEqual([])
})
