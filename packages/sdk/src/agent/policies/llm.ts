import { type ActionSpace, SoraError } from '../../protocol/index.ts'
import type { NamedAction } from '../action.ts'
import type { DepthImage, Observation } from '../observation.ts'
import { pngAddress } from '../png.ts'
import { type EpisodeStart, type Policy, withinTurn } from '../policy.ts'
import { complete, type EndpointOptions, type LlmMessage } from './llm-endpoint.ts'

export interface LlmOptions extends EndpointOptions {
  /** What to do, in words. */
  goal?: string
  /** Also sends the newest frame, to models that take pictures. */
  sees?: boolean
  /** Tries until an answer can be used, the first one included. */
  attempts?: number
  /** Longest plan that one answer may be, in steps. */
  maxSteps?: number
}

/** What one answer asks for, step by step. */
interface Plan {
  action: NamedAction
  steps: number
}

interface LlmMemory {
  episode: EpisodeStart
  plan: Plan | null
  /** What was done and said, for the next question. */
  done: string[]
}

const REMEMBERED = 6

/**
 * Asks a language model what to do, every few steps: any endpoint that speaks OpenAI's chat completions. The model is
 * told caption, pose and how far it can see, with `sees` also the picture.
 *
 * @throws SoraError (from `act`) `endpoint-failed` when the endpoint is down or no answer could be used, `timeout`
 */
export function llm(options: LlmOptions): Policy<LlmMemory> {
  return {
    name: `llm ${options.model}`,
    start: (episode) => ({ episode, plan: null, done: [] }),
    act: async (observation, memory) => {
      memory.plan ??= await askForPlan(options, observation, memory)
      const { action } = memory.plan
      memory.plan = memory.plan.steps > 1 ? { action, steps: memory.plan.steps - 1 } : null
      return action
    },
  }
}

async function askForPlan(options: LlmOptions, observation: Observation, memory: LlmMemory): Promise<Plan> {
  const { attempts = 2, maxSteps = 10 } = options
  const { episode } = memory
  const messages: LlmMessage[] = [
    { role: 'system', content: rulesFor(options, episode, maxSteps) },
    { role: 'user', content: question(observation, memory, options.sees ?? false) },
  ]
  let problem = ''
  for (let attempt = 0; attempt < attempts; attempt++) {
    const answer = await complete(options, messages, episode.signal)
    const plan = readPlan(answer, episode, maxSteps)
    if (typeof plan !== 'string') {
      memory.done = [...memory.done, JSON.stringify(plan.action)].slice(-REMEMBERED)
      return plan
    }
    problem = plan
    messages.push({ role: 'assistant', content: answer }, { role: 'user', content: `${plan}. Answer with JSON only.` })
  }
  throw new SoraError('endpoint-failed', `${options.url} gave no answer that can be used: ${problem}`)
}

function rulesFor({ goal = 'Explore the world.' }: LlmOptions, episode: EpisodeStart, maxSteps: number): string {
  const { actionSpace, framesPerStep, framesPerSecond } = episode
  return [
    `You control a player in a world like Minecraft. ${goal}`,
    `Time goes in steps of ${(framesPerStep / framesPerSecond).toFixed(2)} seconds.`,
    'Answer with one JSON object and nothing else:',
    `{"buttons": ["forward"], "yaw": 0, "pitch": 0, "steps": 5}`,
    `buttons: held down all the time, of ${actionSpace.buttons.map(({ name }) => name).join(', ')}.`,
    'yaw and pitch: degrees to turn in all, right and down are positive.',
    `steps: how long, 1 to ${maxSteps}.`,
  ].join('\n')
}

function question(observation: Observation, memory: LlmMemory, sees: boolean): LlmMessage['content'] {
  const { caption, pose, depth, seconds, frame, width, height } = observation
  const at = pose && `x ${pose.x.toFixed(1)}, y ${pose.y.toFixed(1)}, z ${pose.z.toFixed(1)}`
  const text = [
    `The world: ${caption}`,
    `Time: ${seconds.toFixed(1)} s`,
    pose ? `You are at ${at}, yaw ${pose.yaw.toFixed(0)}, pitch ${pose.pitch.toFixed(0)}` : '',
    depth ? `Nearest thing: ${distances(depth)}` : '',
    memory.done.length > 0 ? `You did: ${memory.done.join(' then ')}` : '',
    'What now?',
  ]
    .filter(Boolean)
    .join('\n')
  if (!sees) return text
  return [
    { type: 'text', text },
    { type: 'image_url', image_url: { url: pngAddress(frame, width, height) } },
  ]
}

/** `left 3.2 blocks, ahead 12.0 blocks, right open`, in the row of the horizon */
function distances({ inverse, width, height }: DepthImage): string {
  const row = inverse.subarray(Math.floor(height / 2) * width, (Math.floor(height / 2) + 1) * width)
  return ['left', 'ahead', 'right']
    .map((side, third) => {
      const near = Math.max(...row.subarray(Math.floor((third * width) / 3), Math.ceil(((third + 1) * width) / 3)))
      return `${side} ${near > 1 / 64 ? `${(1 / near).toFixed(1)} blocks` : 'open'}`
    })
    .join(', ')
}

/** The plan, or in words what is wrong with the answer. */
function readPlan(answer: string, { actionSpace, maxTurn }: EpisodeStart, maxSteps: number): Plan | string {
  const json = /\{[\s\S]*\}/.exec(answer)?.[0]
  if (json === undefined) return 'That holds no JSON object'
  let value: Record<string, unknown>
  try {
    value = JSON.parse(json) as Record<string, unknown>
  } catch {
    return 'That is not JSON'
  }
  const { buttons = [], yaw = 0, pitch = 0, steps = 1 } = value
  const unknown = unknownButton(buttons, actionSpace)
  if (unknown !== undefined) return unknown
  if (!isNumber(yaw) || !isNumber(pitch)) return '"yaw" and "pitch" have to be numbers'
  if (!isNumber(steps) || steps < 1) return '"steps" has to be a number from 1 on'
  const count = Math.min(maxSteps, Math.round(steps))
  const camera = { yaw: withinTurn(yaw / count, maxTurn.yaw), pitch: withinTurn(pitch / count, maxTurn.pitch) }
  const held = Object.fromEntries((buttons as string[]).map((name) => [name, true as const]))
  return { action: { ...held, camera }, steps: count }
}

function unknownButton(buttons: unknown, { buttons: known }: ActionSpace): string | undefined {
  if (!Array.isArray(buttons)) return '"buttons" has to be a list'
  const wrong = buttons.find((name) => !known.some((button) => button.name === name))
  return wrong === undefined ? undefined : `There is no button ${JSON.stringify(wrong)}`
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
