import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../packages/server/src/cli.ts', import.meta.url))
const START_TIMEOUT_MS = 60_000

export interface WorldServerProcess {
  url: string
  port: number
  /** Everything it has written. */
  output(): string
  /** Kills the process that runs the model, as a crash would; returns how many there were. */
  killWorker(): number
  /** Ends the server at once, without a goodbye. */
  kill(): Promise<void>
  /** Ends it as Ctrl-C does. */
  stop(): Promise<void>
}

export interface WorldServerProcessOptions {
  port?: number
  /** The small one unless named: what is asked here does not depend on the model, and two cores run many tests at once. */
  model?: string
  args?: readonly string[]
}

/** Starts the real server as a user would, with the built play page. The caller ends it. */
export async function startWorldServer(options: WorldServerProcessOptions = {}): Promise<WorldServerProcess> {
  const { port = 0, model = 'nano', args = [] } = options
  const command = [
    '--conditions=@sora/source',
    CLI,
    'serve',
    '--play',
    '--no-worlds',
    // However busy the machine is: nobody waits in line.
    '--max-running',
    '8',
    '--port',
    String(port),
    '--model',
    model,
    ...args,
  ]
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] })
  // A test that throws on its way must not leave a server behind.
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  child.once('exit', () => process.off('exit', onExit))
  let output = ''
  child.stdout.on('data', (text) => (output += text))
  child.stderr.on('data', (text) => (output += text))
  const url = await addressOf(child, () => output)
  return {
    url,
    port: Number(new URL(url).port),
    output: () => output,
    killWorker: () => killChildrenOf(child.pid!),
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
  }
}

function addressOf(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the server ${why}; it wrote:\n${output()}`))
    const timer = setTimeout(() => fail('did not start in time'), START_TIMEOUT_MS)
    child.once('exit', (code) => fail(`ended with ${code}`))
    child.stdout?.on('data', () => {
      const url = /play at (http:\S+)/.exec(output())?.[1]
      if (!url) return
      clearTimeout(timer)
      resolve(url.replace('localhost', '127.0.0.1'))
    })
  })
}

function killChildrenOf(pid: number): number {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const rows = table.trim().split('\n')
  const children = rows.map((row) => row.trim().split(/\s+/).map(Number)).filter(([, parent]) => parent === pid)
  for (const [child] of children) process.kill(child!, 'SIGKILL')
  return children.length
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const hasEnded = new Promise((resolve) => child.once('exit', resolve))
  // A server that is killed leaves its worker behind, unless that notices by itself.
  if (signal === 'SIGKILL') killChildrenOf(child.pid!)
  child.kill(signal)
  await hasEnded
}
