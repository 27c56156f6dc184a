import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SoraError } from '@sora-world/sdk/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type AgentStreams, runAgent } from './agent.ts'

let dir: string
let output: string
let errors: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sora-agent-'))
  output = ''
  errors = ''
})
afterEach(() => rm(dir, { recursive: true }))

const streams = (signal?: AbortSignal): AgentStreams => ({
  stdout: {
    write: (text) => {
      output += text
    },
  },
  stderr: {
    isTTY: true,
    write: (text) => {
      errors += text
    },
  },
  signal,
})
const agent = (...argv: string[]) => runAgent(argv, streams())
const run = (policy: string, ...argv: string[]) => agent('run', policy, '--model', 'fake', '--seconds', '1', ...argv)

async function policyFile(code: string): Promise<string> {
  const file = join(dir, 'policy.mjs')
  await writeFile(file, code)
  return file
}
const AHEAD = `{ name: 'ahead', start: () => ({}), act: () => ({ forward: true }) }`

describe('agent run', () => {
  it('plays a policy from a file, with its reward and its end', async () => {
    const file = await policyFile(`
      export default () => (${AHEAD})
      export const reward = ({ after }) => after.tick
      export const isOver = ({ after }) => after.tick >= 12`)
    expect(await run(file, '--episodes', '2', '--rng-seed', '5', '--json')).toBe(0)
    expect(output).toMatch(/^episode 2 \(random seed 6\): 3 steps, 0.6 s, reward 24, over$/m)
    expect(output).toMatch(/^ahead: [\d.]+ times real time, [\d.]+ ms a decision, [\d.]+ ms a step$/m)
    const last = JSON.parse(output.trimEnd().split('\n').at(-1)!)
    expect(last).toMatchObject({ name: 'agent', policy: 'ahead', episodes: [{ rngSeed: 5 }, { terminated: true }] })
    expect(errors).toContain('episode 2 of 2')
  })

  it.each(['noop', 'random', 'explorer', 'follow-caption', 'learned', 'script:walk forward 2 ticks, jump'])(
    'knows the policy %s',
    async (name) => {
      expect(await run(name)).toBe(0)
      expect(output).toMatch(/^episode 1 .*5 steps, 1 s/)
    },
  )

  it('records', async () => {
    expect(await run('random', '--record', join(dir, 'out'), '--scale', '2', '--frame-skip', '2')).toBe(0)
    expect((await readdir(join(dir, 'out'))).sort()).toEqual([
      'contact-sheet.png',
      'episode-0001.jsonl',
      'episode-0001.mp4',
    ])
    expect(output).toMatch(/out: 1 videos, .*contact-sheet.png/)
  })

  it('keeps what was recorded before a policy failed', async () => {
    const file = await policyFile(
      `export default { name: 'late', start: () => ({}), act: ({ tick }) => { if (tick > 7) throw new Error('no idea'); return {} } }`,
    )
    expect(await run(file, '--record', join(dir, 'out'))).toBe(1)
    expect(errors).toMatch(/policy "late", step 2: no idea \(policy-failed\)/)
    expect(await readdir(join(dir, 'out'))).toContain('episode-0001.mp4')
  })

  it('ends when interrupted, and keeps what was recorded', async () => {
    const stop = new AbortController()
    const { stdout, stderr } = streams()
    const write = (text: string) => {
      stderr.write(text)
      if (text.includes('] 3/')) stop.abort(new SoraError('aborted', 'enough'))
    }
    const argv = ['run', 'noop', '--model', 'fake', '--episodes', '1000', '--record', join(dir, 'out')]
    expect(await runAgent(argv, { stdout, stderr: { isTTY: true, write }, signal: stop.signal })).toBe(130)
    expect(errors).toContain('enough (aborted)')
    expect(await readdir(join(dir, 'out'))).toContain('episode-0001.mp4')
  })

  it.each([
    ['a file that is broken', 'export default (', 1, /cannot be loaded.*policy-failed/],
    ['a file of something else', 'export default 5', 1, /no policy with "start" and "act".*policy-failed/],
    ['a reward that is none', `export default ${AHEAD}\nexport const reward = 3`, 1, /"reward" is no function/],
    ['a reward of NaN', `export default ${AHEAD}\nexport const reward = () => NaN`, 2, /reward function gave NaN/],
    [
      'an action of NaN',
      `export default { name: 'x', start: () => ({}), act: () => ({ camera: { yaw: NaN } }) }`,
      1,
      /NaN.*action-invalid/,
    ],
  ])('refuses %s', async (_, code, exitCode, words) => {
    expect(await run(await policyFile(code))).toBe(exitCode)
    expect(errors).toMatch(words)
  })

  it('gives up on a policy that never answers', async () => {
    const file = await policyFile(
      `export default { name: 'silent', start: () => ({}), act: () => new Promise(() => {}) }`,
    )
    expect(await run(file, '--act-timeout', '0.05')).toBe(1)
    expect(errors).toMatch(/did not answer within 0.05 s \(timeout\)/)
  })

  it.each([
    [['walk'], /no command "walk"/],
    [['run'], /takes one policy/],
    [['run', 'noop', 'random'], /takes one policy/],
    [['run', '/no/such.ts'], /no policy file .*such.ts/],
    [['run', 'script:walk sideways', '--model', 'fake'], /script-invalid/],
    [['run', 'noop', '--env', 'mars'], /--env "mars"/],
    [['run', 'noop', '--room', 'x'], /--room needs --env/],
    [['run', 'noop', '--episodes', '0'], /--episodes "0"/],
    [['run', 'noop', '--episodes', '1.5'], /whole number/],
    [['run', 'noop', '--seconds', 'x'], /--seconds "x"/],
    [['run', 'noop', '--fast'], /--fast/],
    [['run', 'noop', '--prompt', ' ', '--model', 'fake'], /prompt-empty/],
  ])('refuses %j with exit code 2', async (argv, words) => {
    expect(await agent(...argv)).toBe(2)
    expect(errors).toMatch(words)
  })

  it('fails in words where no server is', async () => {
    expect(await agent('run', 'noop', '--env', 'http://127.0.0.1:9')).toBe(1)
    expect(errors).toMatch(/connection-lost/)
  })

  it('explains itself', async () => {
    expect(await agent('--help')).toBe(0)
    expect(output).toContain('usage: sora-world agent run')
  })
})
