import { type DefaultTheme, defineConfig } from 'vitepress'
import { githubSlug } from './github-slug.ts'
import { repositoryLinks } from './repository-links.ts'

const sidebar: DefaultTheme.SidebarItem[] = [
  {
    text: 'Start',
    items: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Gallery', link: '/gallery' },
      { text: 'What to expect', link: '/limits' },
    ],
  },
  {
    text: 'Guides',
    items: [
      { text: 'Create a project', link: '/create' },
      { text: 'Play', link: '/play' },
      { text: 'Embed in Three.js', link: '/embed' },
      { text: 'Script an agent', link: '/agent' },
      { text: 'Client library', link: '/client' },
      { text: 'Three.js plugin', link: '/plugin' },
      { text: 'Worlds as values', link: '/worlds' },
      { text: 'Studio', link: '/studio' },
      { text: 'Run a server', link: '/server' },
    ],
  },
  {
    text: 'Models',
    items: [
      { text: 'Bring your own model', link: '/own-model' },
      { text: 'Model package', link: '/model-package' },
      { text: 'Training', link: '/training' },
      { text: 'Evaluation', link: '/evaluation' },
      { text: 'Log of experiments', link: '/log' },
    ],
  },
  {
    text: 'Reference',
    items: [
      { text: 'Errors', link: '/errors' },
      { text: 'Wire protocol', link: '/protocol' },
      { text: 'Glossary', link: '/glossary' },
      { text: 'First choices', link: '/decisions/2026-11-23-first-choices' },
      { text: 'Two models', link: '/decisions/2026-11-26-two-models' },
      { text: 'Depth in latents', link: '/decisions/2026-11-26-depth-channels' },
    ],
  },
  {
    text: 'API',
    items: [
      { text: '@sora-world/sdk', link: '/api/sdk/' },
      { text: '@sora-world/sdk/agent', link: '/api/sdk/agent/' },
      { text: '@sora-world/sdk/protocol', link: '/api/sdk/protocol/' },
      { text: '@sora-world/three', link: '/api/three/' },
      { text: '@sora-world/three/webgpu', link: '/api/three/webgpu/' },
      { text: '@sora-world/three/react', link: '/api/three/react/' },
      { text: '@sora-world/server', link: '/api/server/' },
      { text: '@sora-world/server/vite', link: '/api/server/vite/' },
    ],
  },
]

/** A block of the world, seen from a corner. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">' +
    '<path d="M16 3 28 9.5 16 16 4 9.5z" fill="#7bb661"/>' +
    '<path d="M4 9.5 16 16v13L4 22.5z" fill="#8a6548"/>' +
    '<path d="M28 9.5 16 16v13l12-6.5z" fill="#6b4d37"/></svg>',
)}`

export default defineConfig({
  title: 'Sora World',
  description: 'A generated world, played in real time: server, client and Three.js plugin',
  lang: 'en',
  cacheDir: '../node_modules/.cache/vitepress',
  metaChunk: true,
  head: [['link', { rel: 'icon', href: ICON }]],
  // Named by the home page's front matter, which knows no relative paths.
  vite: { publicDir: 'images' },
  ignoreDeadLinks: 'localhostLinks',
  markdown: {
    // Anchors as on a repository's own pages, so that one link works in both places.
    anchor: { slugify: githubSlug },
    config: (markdown) => {
      markdown.use(repositoryLinks, process.env.SORA_REPOSITORY)
    },
  },
  themeConfig: {
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Gallery', link: '/gallery' },
      { text: 'Errors', link: '/errors' },
      { text: 'API', link: '/api/sdk/' },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
    footer: { message: 'Apache-2.0, weights included' },
  },
})
