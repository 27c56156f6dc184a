import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

/**
 * `npm run docs:pictures`: makes the gallery's pictures of what tests and commands left in `test/output` (docs/gallery.md
 * says which). They show generated worlds: run the tests again, and they are others.
 */
const PICTURES = {
  play: 'menu.png',
  embed: 'embed-flying.png',
  museum: 'museum-room.png',
  agent: 'agent/contact-sheet.png',
}
/** Twice the width of a column of the site is enough for a phone's screen too. */
const WIDTH = { agent: 1280 }
const USUAL_WIDTH = 720
const QUALITY = 76

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

for (const [name, file] of Object.entries(PICTURES)) {
  const from = at(`test/output/${file}`)
  if (!existsSync(from)) {
    console.log(`gallery-${name}.jpg stays as it is: there is no test/output/${file}`)
    continue
  }
  const picture = sharp(from).resize({ width: WIDTH[name] ?? USUAL_WIDTH, withoutEnlargement: true })
  const to = `docs/images/gallery-${name}.jpg`
  const { width, height, size } = await picture.jpeg({ quality: QUALITY, mozjpeg: true }).toFile(at(to))
  console.log(`${to}: ${width}x${height}, ${Math.round(size / 1000)} kB`)
}
