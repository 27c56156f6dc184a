import { createHash } from 'node:crypto'
import { WorldClient } from '@sora-world/sdk'
const url = process.argv[2]!
for (let run = 0; run < 3; run++) {
  const world = await WorldClient.connect(url, { prompt: 'a grassy plain on a clear day', rngSeed: 1, downlink: 'latent' })
  const seen: string[] = []
  await new Promise<void>((resolve) => world.on('chunk', (chunk: any) => {
    seen.push(`${chunk.header.seq}:${createHash('sha1').update(chunk.latent).digest('hex').slice(0, 6)}`)
    if (seen.length >= 8) resolve()
  }))
  console.log(world.room.rngSeed, seen.join(' '))
  await world.close()
}
process.exit(0)
