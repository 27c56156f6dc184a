import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { create, type Surroundings } from './create.ts'
import type { Questions } from './questions.ts'
import { TEMPLATES } from './templates.ts'

describe('create', () => {
  let cwd: string
  let printed: string
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'sora create '))
    printed = ''
  })
  afterEach(() => rm(cwd, { recursive: true }))

  const run = (args: string[], more: Partial<Surroundings> = {}) =>
    create(args, {
      cwd,
      userAgent: 'npm/11.19.1 node/v24.1.0 linux x64 workspaces/false',
      questions: null,
      version: '1.2.3',
      print: (text) => {
        printed += `${text}\n`
      },
      ...more,
    })
  const manifest = async (folder: string) => JSON.parse(await readFile(join(cwd, folder, 'package.json'), 'utf8'))

  it.each(Object.keys(TEMPLATES))('writes the %s template', async (template) => {
    await run(['a-world', '--template', template])
    const names = await readdir(join(cwd, 'a-world'))
    expect(names).toEqual(expect.arrayContaining(['.gitignore', 'README.md', 'package.json', 'src', 'tsconfig.json']))
    expect(names.filter((name) => name.startsWith('_'))).toEqual([])
    const { name, allowScripts, dependencies } = await manifest('a-world')
    expect(name).toBe('a-world')
    expect(allowScripts).toMatchObject({ 'onnxruntime-node': false })
    expect(dependencies['@sora-world/server']).toBe('^0.2.0')
  })

  it('asks nothing without a terminal, and says the next two commands', async () => {
    await run([])
    expect(await readdir(cwd)).toEqual(['my-world'])
    expect(printed).toContain('cd my-world && npm install\n  npm run dev')
  })

  it('asks a person for what was not given', async () => {
    const asked: string[] = []
    const answer =
      <T>(question: string, value: T) =>
      async () => {
        asked.push(question)
        return value
      }
    const questions: Questions = {
      folder: answer('folder', 'hall'),
      template: answer('template', 'agent' as const),
      overwrite: answer('overwrite', false),
    }
    await run([], { questions })
    expect(asked).toEqual(['folder', 'template'])
    expect(printed).toContain('cd hall && npm install\n  npm start')
    await run(['--yes'], { questions })
    expect(asked).toHaveLength(2)
    await expect(run(['hall', '-t', 'play'], { questions })).rejects.toThrow('not empty')
    expect(asked).toEqual(['folder', 'template', 'overwrite'])
  })

  it('does not touch a folder with something in it unless told, and then only files of its own names', async () => {
    await mkdir(join(cwd, 'full'))
    await writeFile(join(cwd, 'full', 'thesis.txt'), 'ten years')
    await writeFile(join(cwd, 'full', 'README.md'), 'mine')
    await expect(run(['full'])).rejects.toThrow('the folder "full" is not empty; choose another, or --force')
    expect((await readdir(join(cwd, 'full'))).toSorted()).toEqual(['README.md', 'thesis.txt'])
    await run(['full', '--force'])
    expect(await readFile(join(cwd, 'full', 'thesis.txt'), 'utf8')).toBe('ten years')
    expect(await readFile(join(cwd, 'full', 'README.md'), 'utf8')).toContain('generated world')
  })

  it('counts a fresh git repository as empty', async () => {
    await mkdir(join(cwd, 'fresh', '.git'), { recursive: true })
    await run(['fresh'])
    expect(await readdir(join(cwd, 'fresh'))).toContain('package.json')
  })

  it.each([
    [['My World'], 'npm does not allow the name "My World"', 'try "my-world"'],
    [['node_modules'], 'npm does not allow the name "node_modules"', 'try "'],
    [['a', 'b'], 'one folder at a time', 'a, b'],
    [['a', '--template', 'chess'], 'there is no template "chess"', 'play, embed, agent'],
    [['a', '--colour'], "Unknown option '--colour'", '--help lists the options'],
  ])('refuses %j in words', async (args, what, advice) => {
    const problem = await run(args).catch((thrown: Error) => thrown.message)
    expect(problem).toContain(what)
    expect(problem).toContain(advice)
    expect(await readdir(cwd)).toEqual([])
  })

  it('refuses a file in the place of the folder', async () => {
    await writeFile(join(cwd, 'notes'), '')
    await expect(run(['notes'])).rejects.toThrow('is a file; name a folder')
  })

  it('tells each package manager that no install script is needed', async () => {
    await run(['new-npm'])
    expect(await readdir(join(cwd, 'new-npm'))).not.toContain('.npmrc')
    await run(['old-npm'], { userAgent: 'npm/10.9.2 node/v22.12.0 linux x64' })
    expect(await readFile(join(cwd, 'old-npm', '.npmrc'), 'utf8')).toContain('onnxruntime-node-install=skip')
    await run(['with-pnpm'], { userAgent: 'pnpm/12.21.0 npm/? node/v24.1.0 linux x64' })
    expect(await readFile(join(cwd, 'with-pnpm', 'pnpm-workspace.yaml'), 'utf8')).toContain('onnxruntime-node: false')
    expect(printed).toContain('cd with-pnpm && pnpm install\n  pnpm dev')
  })

  it('prints help and version and writes nothing', async () => {
    await run(['--help'])
    await run(['--version'])
    expect(printed).toContain('--template NAME')
    expect(printed).toContain('1.2.3')
    expect(await readdir(cwd)).toEqual([])
  })
})
