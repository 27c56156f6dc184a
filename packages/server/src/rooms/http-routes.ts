import type { ModelManifest } from '@sora-world/sdk/protocol'
import type { Application, Request, RequestHandler, Response } from 'express'
import type { WorldShelf } from '../worlds/world-shelf.ts'
import { metricsText } from './metrics.ts'
import { addPlayPage } from './play-page-files.ts'
import type { ServerHealth } from './server-health.ts'
import { addWorlds } from './world-routes.ts'

export interface HttpContent {
  manifest: ModelManifest
  /** Path under which the model package is served, with slashes around. */
  modelUrl: string
  /** Folder of the model package; without it only the manifest is served (a model without files). */
  modelDir: string | undefined
  /** Folder of the built play page. */
  playDir: string | undefined
  /** Makes the play page instead of a folder. */
  playHandler: RequestHandler | undefined
  /** Where world files lie between the socket and HTTP. */
  shelf: WorldShelf
  health(): ServerHealth
}

const REVALIDATE = 'no-cache'
const FOR_EVER = 'public, max-age=31536000, immutable'

/** Everything the server offers beside rooms: its figures, the model package, the play page. */
export function addRoutes(app: Application, content: HttpContent): void {
  app.disable('x-powered-by')
  app.get('/health', (_request, response) => {
    response.set('Cache-Control', 'no-store').json(content.health())
  })
  app.get('/metrics', (_request, response) => {
    response.set('Cache-Control', 'no-store').type('text/plain; version=0.0.4').send(metricsText(content.health()))
  })
  addModel(app, content)
  addWorlds(app, content.shelf, content.manifest)
  if (content.playHandler) app.use(content.playHandler)
  else if (content.playDir) addPlayPage(app, content.playDir)
  else addWelcome(app, content.manifest)
}

/** Only files that the manifest lists: its hash is the entity tag, so a client fetches a changed file and no other. */
function addModel(app: Application, { manifest, modelUrl, modelDir }: HttpContent): void {
  app.get(`${modelUrl}*file`, (request: Request, response: Response) => {
    const file = [request.params.file ?? []].flat().join('/')
    const hash = Object.hasOwn(manifest.files, file) ? manifest.files[file]?.sha256 : undefined
    // A page that is isolated from other origins may still load the model from here.
    response.set('Cross-Origin-Resource-Policy', 'cross-origin')
    response.set('Cache-Control', hash !== undefined && request.query.v === hash ? FOR_EVER : REVALIDATE)
    if (file === 'manifest.json') response.json(manifest)
    else if (hash && modelDir) response.set('ETag', `"${hash}"`).sendFile(file, { root: modelDir })
    else response.status(404).type('text').send('the model has no such file')
  })
}

function addWelcome(app: Application, { name, version }: ModelManifest): void {
  const text = `Sora World server, model ${name} ${version}. Connect with the SDK; its state is at /health\n`
  app.get('/', (_request, response) => {
    response.type('text').send(text)
  })
}
