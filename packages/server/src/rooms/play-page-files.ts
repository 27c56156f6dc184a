import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import express, { type Application, type Response } from 'express'

const REVALIDATE = 'no-cache'
const FOR_EVER = 'public, max-age=31536000, immutable'
/** Threads in the browser's WebAssembly need a page that is isolated from other origins. */
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

/**
 * Beside the play page of the published package: files of the page that lie in another package, which is installed anyway
 * (40 MB of WebAssembly). Path of the page to module: `{ "assets/ort-1f2e.wasm": "onnxruntime-web/ort.wasm" }`.
 */
export const BORROWED_FILES = 'borrowed-files.json'

/** Serves a built page at `/`. */
export function addPlayPage(app: Application, playDir: string): void {
  for (const [path, file] of Object.entries(borrowedFiles(playDir))) {
    app.get(`/${path}`, (_request, response) => {
      setHeaders(response, path)
      // An installation may lie below a folder whose name starts with a dot.
      response.sendFile(file, { dotfiles: 'allow' })
    })
  }
  app.use(express.static(playDir, { setHeaders, index: 'index.html' }))
}

function setHeaders(response: Response, path: string): void {
  for (const [name, value] of Object.entries(ISOLATION)) response.setHeader(name, value)
  // Vite puts the hash of the content into the names below assets/.
  response.setHeader('Cache-Control', /(^|[\\/])assets[\\/]/.test(path) ? FOR_EVER : REVALIDATE)
}

/** Path of the page to file; none where the page is complete. */
function borrowedFiles(playDir: string): Record<string, string> {
  const list = join(playDir, BORROWED_FILES)
  if (!existsSync(list)) return {}
  // The SDK depends on the runtime of its decoder: from there it is found, wherever it was installed.
  const { resolve } = createRequire(createRequire(import.meta.url).resolve('@sora-world/sdk/package.json'))
  const modules = JSON.parse(readFileSync(list, 'utf8')) as Record<string, string>
  return Object.fromEntries(Object.entries(modules).map(([path, module]) => [path, resolve(module)]))
}
