import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../packages/server/src/cli.ts', import.meta.url))

/** `sora-world ...` as somebody types it. */
export class CliProcess {
  readonly child: ChildProcess
  /** All that it wrote, both streams together. */
  text = ''
  readonly exitCode: Promise<number | null>

  constructor(...args: string[]) {
    // Worlds of one test are no business of the next.
    const isKept = args[0] !== 'serve' || args.some((arg) => arg === '--worlds')
    const all = isKept ? args : [...args, '--no-worlds']
    this.child = spawn(process.execPath, ['--conditions=@sora/source', CLI, ...all], { env: cleanEnvironment() })
    const take = (bytes: Buffer) => {
      this.text += bytes
    }
    this.child.stdout?.on('data', take)
    this.child.stderr?.on('data', take)
    this.exitCode = new Promise((resolve) => this.child.once('close', resolve))
  }

  /** What the pattern's first group matches, as soon as it was written. */
  async read(pattern: RegExp): Promise<string> {
    let hasEnded = false
    void this.exitCode.then(() => {
      hasEnded = true
    })
    for (;;) {
      const match = pattern.exec(this.text)
      if (match) return match[1] ?? match[0]
      if (hasEnded) throw new Error(`ended without ${pattern}: ${this.text}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

/** Without what vitest adds for its own workers. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, ...env } = process.env
  return env
}
