import { posix } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'

/**
 * The pages are read in the repository too, where they link to files outside of `docs/`. The site has no such files:
 * these links lead to `repository` (an address of the repository's files), or become plain text when none is given.
 */
export function repositoryLinks(markdown: MarkdownRenderer, repository?: string): void {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    const folder = posix.dirname(String(env.relativePath ?? ''))
    for (const { children } of tokens) {
      let isPlain = false
      for (const token of children ?? []) {
        if (token.type === 'link_open') {
          const path = pathOutside(folder, token.attrGet('href') ?? '')
          if (path === undefined) continue
          if (repository) {
            token.attrSet('href', `${repository.replace(/\/$/, '')}/${path}`)
            continue
          }
          isPlain = true
          token.type = 'span_open'
          token.tag = 'span'
          token.attrs = [['title', `${path}, in the repository`]]
        } else if (token.type === 'link_close' && isPlain) {
          isPlain = false
          token.type = 'span_close'
          token.tag = 'span'
        }
      }
    }
  })
}

/** The path within the repository of a link out of `docs/`; undefined for all other links. */
function pathOutside(folder: string, href: string): string | undefined {
  if (/^([a-z]+:|#|\/)/i.test(href)) return undefined
  const path = posix.join('docs', folder, href)
  return path.startsWith('docs/') ? undefined : path.replace(/^(\.\.\/)+/, '')
}
