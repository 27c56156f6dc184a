import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { CliProcess } from './serve-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'sora-agent-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('sora-world agent ends a policy that never gives the thread back', async () => {
  const file = join(folder, 'endless.mjs')
  writeFileSync(file, `export default { name: 'endless', start: () => ({}), act: () => { for (;;); } }`)
  const cli = new CliProcess('agent', 'run', file, '--model', 'fake', '--act-timeout', '1')
  expect(await cli.exitCode).not.toBe(0)
  expect(cli.text).toMatch(/policy "endless" has computed for 1 s without a pause \(timeout\)/)
})

it('sora-world agent plays in a room, decoding in Node', async () => {
  const server = new CliProcess('serve', '--port', '0', '--provider', 'cpu')
  try {
    const url = await server.read(/serving worlds at (\S+)/)
    const cli = new CliProcess('agent', 'run', 'explorer', '--env', url, '--seconds', '1', '--json')
    expect(await cli.exitCode).toBe(0)
    expect(cli.text).toMatch(/playing in room \w+/)
    const report = JSON.parse(/^\{.*\}$/m.exec(cli.text)![0])
    expect(report).toMatchObject({ policy: 'explorer', episodes: [{ steps: 5, overriddenSteps: 0 }] })
  } finally {
    server.child.kill('SIGKILL')
  }
}, 120_000)

it("sora-world agent takes the policy of the server's model, whichever it fell back to", async () => {
  const server = new CliProcess('serve', '--port', '0', '--provider', 'cpu', '--model', 'nano')
  try {
    const url = await server.read(/serving worlds at (\S+)/)
    const cli = new CliProcess('agent', 'run', 'learned', '--env', url, '--seconds', '1', '--json')
    expect(await cli.exitCode).toBe(0)
    expect(JSON.parse(/^\{.*\}$/m.exec(cli.text)![0])).toMatchObject({ policy: 'nano policy' })
  } finally {
    server.child.kill('SIGKILL')
  }
}, 120_000)
