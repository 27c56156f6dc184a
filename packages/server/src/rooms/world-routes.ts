import { LIMITS, type ModelManifest, SoraError, toSoraError } from '@sora-world/sdk/protocol'
import express, { type Application, type NextFunction, type Request, type Response } from 'express'
import { checkWorld } from '../worlds/check-world.ts'
import { readWorld } from '../worlds/world-file.ts'
import type { WorldShelf } from '../worlds/world-shelf.ts'

/** World files sent at the same time; each is held in memory. */
const MAX_UPLOADS = 4
const STATUS: Record<string, number> = { 'world-missing': 404, busy: 503, internal: 500 }

/** World files: `GET /worlds/<id>` fetches one from the shelf, `POST /worlds` puts one there and answers `{ id }`. */
export function addWorlds(app: Application, shelf: WorldShelf, manifest: ModelManifest): void {
  let uploads = 0
  app.get('/worlds/:id', (request, response) =>
    answered(response, () => {
      const { bytes } = shelf.get(String(request.params.id))
      response.set('Cache-Control', 'no-store').set('Cross-Origin-Resource-Policy', 'cross-origin')
      response.type('application/octet-stream').send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
    }),
  )
  const oneOfFew = (_request: Request, response: Response, next: NextFunction) => {
    if (uploads >= MAX_UPLOADS) return sendError(response, new SoraError('busy', 'too many worlds are sent; try again'))
    uploads++
    response.once('close', () => uploads--)
    next()
  }
  const body = express.raw({ type: () => true, limit: LIMITS.worldBytes })
  app.post('/worlds', oneOfFew, body, (request, response) =>
    answered(response, async () => {
      const bytes: unknown = request.body
      if (!(bytes instanceof Uint8Array)) throw new SoraError('world-invalid', 'the request holds no world file')
      const value = await readWorld(bytes)
      checkWorld(value, manifest)
      response.status(201).json({ id: shelf.put({ bytes, value }) })
    }),
  )
}

async function answered(response: Response, answer: () => unknown): Promise<void> {
  try {
    await answer()
  } catch (thrown) {
    sendError(response, toSoraError(thrown))
  }
}

function sendError(response: Response, error: SoraError): void {
  response.status(STATUS[error.code] ?? 400).json(error.toJSON())
}
