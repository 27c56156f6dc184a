/**
 * Worlds for programs: environments in Gymnasium's words, and policies to play in them. Knows no socket and no model:
 * a backend brings the chunks.
 */
export { type CameraTurn, type EnvAction, frameActions, mostTurn, type NamedAction } from './action.ts'
export type { EnvOptions, ResetOptions, Reward, StepInfo, StepResult, Transition } from './env-options.ts'
export type { ShownChunk } from './episode.ts'
export type { DepthImage, Observation } from './observation.ts'
export { encodePng } from './png.ts'
export { type ExplorerOptions, explorer } from './policies/explorer.ts'
export { followCaption } from './policies/follow-caption.ts'
export { type HumanInput, human } from './policies/human.ts'
export {
  type ActionModel,
  type ActionQuery,
  type ActionScores,
  type LearnedOptions,
  learned,
} from './policies/learned.ts'
export { type LlmOptions, llm } from './policies/llm.ts'
export { noop } from './policies/noop.ts'
export { parseScript, type Script, type ScriptPart } from './policies/parse-script.ts'
export { type RandomOptions, random } from './policies/random.ts'
export { scripted, scriptFrames } from './policies/scripted.ts'
export { type EpisodeStart, type Policy, policyOf, withinTurn } from './policy.ts'
export {
  brightness,
  captionMatch,
  distanceFromStart,
  distanceWalked,
  heightGained,
  lookedAtNear,
  newGround,
  openView,
  sumOf,
} from './rewards.ts'
export { type EpisodeReport, type RunOptions, type RunProgress, type RunReport, runPolicy } from './run-policy.ts'
export { VecEnv, type VecEnvOptions } from './vec-env.ts'
export { WorldEnv } from './world-env.ts'
