import { fileURLToPath } from 'node:url'

/** What can be created; each has a folder in `templates/`. */
export const TEMPLATES = {
  play: { label: 'Play', words: 'a page in which one walks through a generated world', start: 'dev' },
  embed: { label: 'Embed', words: 'a Three.js room with a world on its wall and one behind a door', start: 'dev' },
  agent: { label: 'Agent', words: 'a Node script that plays by itself and writes videos', start: 'start' },
} as const

export type TemplateName = keyof typeof TEMPLATES

/** Folder of a template, seen from `src/` and from `dist/` alike. */
export function templateFolder(name: TemplateName): string {
  return fileURLToPath(new URL(`../templates/${name}/`, import.meta.url))
}
