import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { githubSlug } from '../../docs/.vitepress/github-slug.ts'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export interface Page {
  /** From the top of the repository, with slashes. */
  path: string
  text: string
  fences: Fence[]
  /** The text without fences. */
  prose: string
}

export interface Fence {
  language: string
  code: string
  /** Line of the page, from 1. */
  line: number
}

/** Not written by people, or not ours. */
const LEFT_OUT = /(^|\/)(node_modules|dist|output|api|\..+)(\/|$)/
const FOLDERS = ['docs', 'packages', 'examples', 'training', 'assets']

/** Every Markdown page that is kept in the repository. */
export function readPages(): Page[] {
  const top = readdirSync(ROOT).filter((name) => name.endsWith('.md'))
  return [...top, ...FOLDERS.flatMap(pagesIn)].map(readPage)
}

export function readPage(path: string): Page {
  const text = readFileSync(posix.join(ROOT, path), 'utf8')
  return { path, text, ...takeApart(text) }
}

function pagesIn(folder: string): string[] {
  const path = posix.join(ROOT, folder)
  // Not recursive by readdir: it would walk through every node_modules.
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const name = posix.join(folder, entry.name)
    if (LEFT_OUT.test(name)) return []
    if (entry.isDirectory()) return pagesIn(name)
    return name.endsWith('.md') ? [name] : []
  })
}

function takeApart(text: string): { fences: Fence[]; prose: string } {
  const fences: Fence[] = []
  const prose: string[] = []
  let open: Fence | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const mark = /^\s*```(\w*)/.exec(line)
    if (mark && !open) open = { language: mark[1]!, code: '', line: index + 1 }
    else if (mark && open) {
      fences.push(open)
      open = undefined
    } else if (open) open.code += `${line}\n`
    else prose.push(line)
  }
  return { fences, prose: prose.join('\n') }
}

/** What `#` can lead to: the headings, numbered where one comes twice. */
export function anchorsOf({ prose }: Page): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading] of prose.matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '')
    const slug = githubSlug(plain)
    let anchor = slug
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`
    anchors.add(anchor)
  }
  return anchors
}

/** Targets of links and pictures. */
export function linksOf({ prose }: Page): string[] {
  const isNoCode = prose.replace(/`[^`\n]*`/g, '``')
  return [...isNoCode.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)].map(([, target]) => target!)
}

/** Pieces of inline code. */
export function inlineCode({ prose }: Page): string[] {
  return [...prose.matchAll(/(`+)([^`]+?)\1/g)].map(([, , code]) => code!.replace(/\s+/g, ' '))
}
