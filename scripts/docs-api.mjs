import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/**
 * `npm run docs:api`: writes the API reference, Markdown from the doc comments, to `docs/api`. TypeDoc needs the
 * compiler's JavaScript API, which ends with TypeScript 6: both are dependencies of `docs` alone.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(new URL('../docs/package.json', import.meta.url))
const { Application, Comment, Converter } = await import(pathToFileURL(require.resolve('typedoc')).href)

/** Page to the module that it tells of. The first one that exports a thing describes it, the others link to it. */
const PAGES = {
  'sdk/agent': 'sdk/src/agent/index.ts',
  'sdk/protocol': 'sdk/src/protocol/index.ts',
  sdk: 'sdk/src/index.ts',
  three: 'three-plugin/src/index.ts',
  'three/webgpu': 'three-plugin/src/webgpu.ts',
  'three/react': 'three-plugin/src/react.ts',
  server: 'server/src/index.ts',
  'server/vite': 'server/src/vite/index.ts',
}

const app = await Application.bootstrapWithPlugins({
  entryPoints: Object.values(PAGES).map((file) => `${root}packages/${file}`),
  tsconfig: `${root}docs/.vitepress/tsconfig.api.json`,
  basePath: `${root}packages`,
  plugin: [require.resolve('typedoc-plugin-markdown')],
  // Emptied before it is written: never a folder with anything of one's own in it.
  outputs: [{ name: 'markdown', path: `${root}docs/api` }],
  name: 'Sora World',
  router: 'member',
  entryFileName: 'index',
  readme: 'none',
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeProtected: true,
  disableSources: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  sanitizeComments: true,
  indexFormat: 'table',
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  pageTitleTemplates: { module: (args) => `@sora-world/${args.name}`, index: 'API' },
  // Links of three's own comments, which are inherited and lead nowhere here.
  validation: { invalidLink: false, notExported: false, invalidPath: false },
  logLevel: 'Error',
})
const page = new Map(Object.entries(PAGES).map(([name, file]) => [file.replace(/(\/index)?\.ts$/, ''), name]))
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
  for (const module of context.project.children ?? []) {
    module.name = page.get(module.name) ?? module.name
    module.comment ??= introductionOf(PAGES[module.name])
  }
})

/** The comment that a file begins with; where a package's main file begins with code, what the package says of itself. */
function introductionOf(file) {
  const comment = /^\/\*\*(.*?)\*\/\n+(?:export|import)/s.exec(readFileSync(`${root}packages/${file}`, 'utf8'))?.[1]
  if (comment) return commentOf(comment.replace(/^\s*\* ?/gm, '').replace(/\{@link (.*?)\}/g, '`$1`'))
  if (!/^[\w-]+\/src\/index\.ts$/.test(file)) return undefined
  const [folder] = file.split('/')
  return commentOf(JSON.parse(readFileSync(`${root}packages/${folder}/package.json`, 'utf8')).description)
}

function commentOf(text) {
  return new Comment([{ kind: 'text', text: text.trim() }])
}

const project = await app.convert()
if (!project) process.exit(1)
await app.generateOutputs(project)
if (app.logger.hasErrors()) process.exit(1)
