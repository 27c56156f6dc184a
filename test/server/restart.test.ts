import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeDecoder, WorldClient } from '@sora-world/sdk'
import { afterAll, expect, it } from 'vitest'
import { CliProcess } from './serve-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'sora-restart-'))
const running: CliProcess[] = []
afterAll(async () => {
  for (const cli of running) cli.child.kill('SIGKILL')
  await Promise.all(running.map(({ exitCode }) => exitCode))
  rmSync(folder, { recursive: true })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function serve(port: number): Promise<CliProcess> {
  const cli = new CliProcess('serve', '--model', 'fake', '--port', String(port), '--worlds', folder)
  running.push(cli)
  await cli.read(/serving worlds at (\S+)/)
  return cli
}

const shown = (client: WorldClient, world: number, seq: number) =>
  expect.poll(() => client.frame?.world === world && client.frame.seq >= seq, { timeout: 30_000 }).toBe(true)

it('a server that was killed goes on with its worlds from at most two seconds earlier', async () => {
  const port = await freePort()
  const first = await serve(port)
  const client = await WorldClient.connect(`http://127.0.0.1:${port}`, {
    decoder: new FakeDecoder(),
    prompt: 'a snowy forest',
    rngSeed: 11,
  })
  const { roomId } = client
  await client.say('night falls')
  await shown(client, 0, 17)
  const lastSeq = client.room.seq
  first.child.kill('SIGKILL')
  await first.exitCode
  const second = await serve(port)

  // The client comes back by itself, to the same room.
  await expect.poll(() => client.state, { timeout: 30_000 }).toBe('running')
  await expect.poll(() => client.room.world, { timeout: 30_000 }).toBe(1)
  expect(client.roomId).toBe(roomId)
  expect(client.room).toMatchObject({ prompt: 'a snowy forest', rngSeed: 11, caption: 'a snowy forest, night falls' })
  const packet = await new Promise<number>((resolve) => {
    const off = client.on('frame', ({ world, seq }) => {
      if (world !== 1) return
      off()
      resolve(seq)
    })
  })
  // Ten chunks are two seconds.
  expect(packet).toBeGreaterThanOrEqual(lastSeq - 10)
  await shown(client, 1, lastSeq + 3)
  expect(client.isDriver).toBe(true)
  await client.say('it starts to rain')
  await client.close()

  // Whoever leaves on purpose leaves nothing behind.
  second.child.kill('SIGTERM')
  await second.exitCode
  await serve(port)
  await expect(
    WorldClient.connect(`http://127.0.0.1:${port}`, { decoder: new FakeDecoder(), roomId }),
  ).rejects.toThrow()
}, 120_000)
