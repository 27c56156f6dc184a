import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, it } from 'vitest'
import { anchorsOf, inlineCode, linksOf, type Page, ROOT, readPage, readPages } from './pages.ts'

const pages = readPages()

/** Why a link leads nowhere; null when it does not. Links to other sites are not tried. */
function problemOf(page: Page, link: string): string | null {
  if (/^(https?:|mailto:)/.test(link)) return null
  const [file = '', anchor] = link.split('#')
  const path = file === '' ? page.path : posix.join(posix.dirname(page.path), file)
  if (!existsSync(posix.join(ROOT, path))) return `${link}: there is no ${path}`
  if (anchor === undefined) return null
  return anchorsOf(readPage(path)).has(anchor) ? null : `${link}: ${path} has no heading "${anchor}"`
}

it.each(pages.map((page) => [page.path, page] as const))('%s links to what is there', (_, page) => {
  const problems = linksOf(page).flatMap((link) => problemOf(page, link) ?? [])
  expect(problems).toEqual([])
})

/** A path of the repository in code: `packages/sdk/src/protocol`. Patterns and made-up names are none. */
const PATH = /^(packages|examples|training|docs|test|assets|bench|scripts)\/[\w./-]*$/
/** Made by a command, or of a project that was created. */
const MADE = /(^|\/)(dist|output|api|\.runs)(\/|$)/

it.each(pages.map((page) => [page.path, page] as const))('%s names files that are there', (path, page) => {
  if (path.includes('/templates/')) return
  const missing = inlineCode(page).filter(
    (code) => PATH.test(code) && !MADE.test(code) && !existsSync(posix.join(ROOT, code)),
  )
  expect(missing).toEqual([])
})

it('has a home page whose picture and links are there', () => {
  const { text } = readPage('docs/index.md')
  const named = (field: string, at: (path: string) => string) =>
    [...text.matchAll(new RegExp(`${field}: /(\\S+)`, 'g'))].map(([, path]) => at(path!))
  const files = [...named('src', (path) => `docs/images/${path}`), ...named('link', (path) => `docs/${path}.md`)]
  expect(files.length).toBeGreaterThan(5)
  expect(files.filter((path) => !existsSync(posix.join(ROOT, path)))).toEqual([])
})

it('has every page of the site in its sidebar, and no other', () => {
  const config = readFileSync(posix.join(ROOT, 'docs/.vitepress/config.ts'), 'utf8')
  const linked = new Set([...config.matchAll(/link: '\/([^']+)'/g)].map(([, link]) => `docs/${link}.md`))
  const written = pages.map(({ path }) => path).filter((path) => path.startsWith('docs/') && path !== 'docs/index.md')
  const isGenerated = (path: string) => path.startsWith('docs/api/')
  expect(written.filter((path) => !linked.has(path))).toEqual([])
  expect([...linked].filter((path) => !isGenerated(path) && !written.includes(path))).toEqual([])
})
