import { type Action, SoraError } from '../../protocol/index.ts'
import type { EpisodeStart, Policy } from '../policy.ts'
import { parseScript, type Script, type ScriptPart } from './parse-script.ts'

interface ScriptMemory {
  episode: EpisodeStart
  /** Frames that were played. */
  frame: number
}

/** Plays a small readable program, see {@link parseScript}; afterwards it stands still. Frames are exact, steps or not. */
export function scripted(text: string): Policy<ScriptMemory> {
  const script = parseScript(text)
  return {
    name: 'scripted',
    start: (episode) => {
      checkButtons(script, episode)
      return { episode, frame: 0 }
    },
    act: (_observation, memory) =>
      Array.from({ length: memory.episode.framesPerStep }, () => actionAt(script, memory.episode, memory.frame++)),
  }
}

/** Frames that a script takes, once through. */
export function scriptFrames(text: string): number {
  return total(parseScript(text).parts)
}

function actionAt({ parts, repeats }: Script, { maxTurn, framesPerStep }: EpisodeStart, frame: number): Action {
  const length = total(parts)
  let at = repeats ? frame % length : frame
  const part = parts.find(({ frames }) => {
    if (at < frames) return true
    at -= frames
    return false
  })
  if (!part) return { held: [], axes: {} }
  const axes: Record<string, number> = {}
  if (part.yaw) axes['camera.yaw'] = perFrame(part.yaw, part.frames, maxTurn.yaw / framesPerStep)
  if (part.pitch) axes['camera.pitch'] = perFrame(part.pitch, part.frames, maxTurn.pitch / framesPerStep)
  return { held: part.buttons.filter((name) => at === 0 || !isPress(name)), axes }
}

/** @throws SoraError `script-invalid` for a turn that is faster than the model knows */
function perFrame(degrees: number, frames: number, most: number): number {
  const each = degrees / frames
  if (Math.abs(each) <= most) return each
  const least = Math.ceil(Math.abs(degrees) / most)
  throw new SoraError('script-invalid', `a turn of ${degrees} degrees takes at least ${least} ticks, not ${frames}`)
}

function total(parts: readonly ScriptPart[]): number {
  return parts.reduce((sum, { frames }) => sum + frames, 0)
}

function isPress(name: string): boolean {
  return name === 'drop' || name.startsWith('hotbar.')
}

function checkButtons({ parts }: Script, { actionSpace }: EpisodeStart): void {
  for (const name of parts.flatMap(({ buttons }) => buttons)) {
    if (actionSpace.buttons.some((button) => button.name === name)) continue
    throw new SoraError('action-invalid', `the script needs the button "${name}", which the model does not have`)
  }
}
