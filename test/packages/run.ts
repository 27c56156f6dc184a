import { type ChildProcess, spawn } from 'node:child_process'
import { basename } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

export interface Command {
  cwd: string
  env: NodeJS.ProcessEnv
}

/**
 * Runs a program to its end and gives what it printed, both streams.
 *
 * @throws Error with the end of what it printed when it fails
 */
export async function run(program: string, args: readonly string[], { cwd, env }: Command): Promise<string> {
  const startMs = performance.now()
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = collect(child)
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  // These tests take minutes: whoever waits wants to know for what.
  console.log(`${basename(program)} ${args.join(' ')}: ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
  if (code === 0) return output.text
  throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${output.text.slice(-4000)}`)
}

export interface RunningProgram {
  /** Everything printed so far. */
  readonly text: string
  /** Resolves to the match in what is printed. @throws Error when the program ends without it, or after `seconds` */
  waitFor(pattern: RegExp, seconds?: number): Promise<RegExpExecArray>
  /** Ends it with all its children. */
  stop(): Promise<void>
}

/** Starts a program that runs until it is stopped. */
export function startProgram(program: string, args: readonly string[], { cwd, env }: Command): RunningProgram {
  // A group of its own, so that what npm starts ends with it.
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const output = collect(child)
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return {
    get text() {
      return output.text
    },
    async waitFor(pattern, seconds = 120) {
      const until = Date.now() + seconds * 1000
      for (;;) {
        const match = pattern.exec(output.text)
        if (match) return match
        if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}:\n${output.text}`)
        if (Date.now() > until) throw new Error(`${program} did not print ${pattern}:\n${output.text}`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
    async stop() {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
      const patience = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), 10_000)
      await closed
      clearTimeout(patience)
    },
  }
}

function collect(child: ChildProcess): { text: string } {
  const output = { text: '' }
  const add = (part: Buffer) => {
    output.text += stripVTControlCharacters(part.toString())
  }
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  return output
}
