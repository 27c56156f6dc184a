import { lookAt, Script } from './script.ts'

/** Columns of blocks that are dug, placed and broken: at the player's left, ahead, right. */
export const ASIDE = [-1, 0, 1] as const
/** Blocks ahead of the player at which rows and walls stand. */
export const ROW_AHEAD = 2
/** Where the player looks at the ground that is built on, degrees down. */
export const BUILD_PITCH = 35
export const DIG_PITCH = 40
export const WALL_PITCH = 15
export const TOWER_PITCH = 45
/** Frames of attack in which the hardest block that is met breaks, and one more. */
const BREAK_FRAMES = 11
const SOIL_FRAMES = 7

export const walkToTree = () => new Script().hold(88, ['forward'])

export const climbHill = () => new Script().hold(112, ['forward', 'jump'])

export const enterWater = () =>
  new Script()
    .look(0, 30, 5)
    .rest(3)
    .mark('shore')
    .hold(36, ['forward', 'jump'])
    .mark('in')
    .look(180, 30, 6)
    .hold(56, ['forward', 'jump'])
    .rest(4)
    .mark('out')

export const turnAndReturn = () => new Script().look(180, 6, 6).rest(9).mark('away').look(0, 6, 6).rest(7).mark('back')

/** The far row first, so that what is near hides nothing. */
export function digHole() {
  const script = new Script().look(0, DIG_PITCH).rest(4).mark('before')
  for (const ahead of [3, 2, 1]) {
    for (const aside of ASIDE) {
      const { yaw, pitch } = lookAt(ahead, aside)
      script.look(yaw, pitch).hold(SOIL_FRAMES, ['attack'])
    }
  }
  return script.look(0, DIG_PITCH).rest(6).mark('after')
}

/** One angle reaches the block before the eye and, when that is gone, the one before the feet. */
export const tunnel = () => new Script().look(0, 30, 6).hold(150, ['forward', 'attack']).mark('end')

/** Looks at the feet, jumps, and places a block under them while they are up. */
export const towerUp = () =>
  new Script()
    .look(0, TOWER_PITCH)
    .rest(4)
    .mark('before')
    .hold(1, ['hotbar.4'])
    .look(0, 85)
    .rest(2)
    .mark('feet')
    .hold(58, ['jump', 'use'])
    .rest(9)
    .mark('top')
    .look(0, TOWER_PITCH)
    .rest(5)
    .mark('after')

const lookAtGround = () => new Script().look(0, BUILD_PITCH).hold(1, ['hotbar.4']).rest(7).mark('before')

function placeAt(script: Script, high: number) {
  for (const aside of ASIDE) {
    const { yaw, pitch } = lookAt(ROW_AHEAD, aside, high)
    script.look(yaw, pitch).hold(2, ['use']).rest(2)
  }
  return script
}

export const placeRow = () => placeAt(lookAtGround(), 0).look(0, BUILD_PITCH).rest(6).mark('after')

export function breakRow() {
  const script = placeRow()
  for (const aside of ASIDE) {
    const { yaw, pitch } = lookAt(ROW_AHEAD, aside, 0.5)
    script.look(yaw, pitch).hold(BREAK_FRAMES, ['attack'])
  }
  return script.look(0, BUILD_PITCH).rest(6).mark('end')
}

export const buildWall = () =>
  placeAt(placeAt(new Script().look(0, WALL_PITCH).hold(1, ['hotbar.4']).rest(7).mark('before'), 0), 1)
    .look(0, WALL_PITCH)
    .rest(6)
    .mark('after')
    .look(-120, WALL_PITCH, 6)
    .rest(4)
    .mark('away')
    .look(0, WALL_PITCH, 6)
    .rest(6)
    .mark('end')

export const throughDoor = () => new Script().hold(40, ['forward']).rest(4)

export const crossBorder = () => new Script().hold(168, ['forward', 'sprint', 'jump'])

export const waitFor = () => new Script().rest(88)

export const standStill = () => new Script().rest(392)

export const sprintFar = () => new Script().hold(176, ['forward', 'sprint', 'jump'])

/** One who does something where nothing should be done: the counter-check of standing still. */
export const walkAbout = () =>
  new Script().hold(196, ['forward'], { 'camera.yaw': 1 }).hold(196, [], { 'camera.yaw': 2 })
