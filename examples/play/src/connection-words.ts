import type { ErrorCode, RoomView, SoraError, WorldState } from '@sora-world/sdk'

/** What the card says. */
export interface Words {
  title: string
  detail: string
  tone: 'wait' | 'problem'
  /** Offers a button with this label. */
  retryLabel?: string
  /** 0 .. 1 where it is known how far the loading is. */
  fraction?: number
  /** At the edge instead of in the middle: the picture stays in view. */
  isSmall?: boolean
}

export interface Situation {
  /** Null before there is a client. */
  state: WorldState | null
  room: RoomView | null
  error: SoraError | null
  /** What the client is busy with while it connects, in its own words. */
  progress: string
  hasPicture: boolean
  serverUrl: string
}

/** Says in words what is going on; null when there is nothing to say. Pure. */
export function connectionWords(situation: Situation): Words | null {
  const { error, room, state } = situation
  if (error) return problemWords(error, situation.serverUrl)
  if (room?.status === 'failed') return problem('The model failed', room.problem || 'The server gives no reason.')
  if (state === 'reconnecting') return small('Connection lost', 'Trying to get back to your world.')
  if (state === 'closed') return problem('The connection was closed', 'The server ended this world.')
  if (room?.status === 'queued') return queueWords(room.queuePosition)
  if (room?.status === 'recovering') return small('The model had to be restarted', 'The world goes on in a moment.')
  if (room?.status === 'catching-up') {
    return small('On the way back', `What happened since is made again: chunk ${room.seq + 1} of ${room.catchUpTo}.`)
  }
  if (!situation.hasPicture) return loadingWords(situation)
  return null
}

function queueWords(position: number): Words {
  const title = position > 0 ? `You are number ${position} in line` : 'All places are taken'
  return wait(title, 'The server makes as many worlds as it can in real time. Yours starts by itself.')
}

function loadingWords({ state, progress, serverUrl, room }: Situation): Words {
  if (state === null || state === 'connecting') {
    return wait(progress ? 'Getting ready' : 'Connecting', progress || `Looking for the server at ${serverUrl}`)
  }
  return wait('Making the first picture', room?.prompt ? `“${room.prompt}”` : 'The network starts from pure noise.')
}

const ADVICE: Partial<Record<ErrorCode, readonly [title: string, advice: string]>> = {
  'no-webgl': [
    'This browser cannot draw the world',
    'WebGL 2 is switched off or missing. Switch on hardware acceleration in the settings, or try another browser.',
  ],
  'no-wasm': [
    'WebAssembly is switched off',
    'The decoder needs it. Allow WebAssembly for this site, or let the server decode: it then sends finished pictures, ' +
      'at more data.',
  ],
  'room-missing': ['This world has ended', 'The link leads to a world that nobody plays any more.'],
  busy: ['The server is full', 'All places and the waiting line are taken. Try again in a minute.'],
  timeout: ['The server takes too long', 'It answered, but then fell silent.'],
  'protocol-version': ['Page and server do not fit together', 'One of them is older. Load the page again.'],
  'model-missing': ['The server has no model', 'The model package is not where the server looks for it.'],
  'model-tampered': ['The model was damaged on the way', 'A file is not the one that its list names.'],
  'decoder-failed': ['The decoder did not start', 'The server can decode instead, at more data.'],
  'worker-crashed': ['The model crashed', 'The server could not bring it back.'],
}

/** Where the way out is not to try the same again. */
const RETRY_LABELS: Partial<Record<ErrorCode, string>> = {
  'room-missing': 'Start a new world',
  'no-wasm': 'Let the server decode',
  'decoder-failed': 'Let the server decode',
}

/** The technical reason would only say the same again. */
const NEEDS_NO_DETAIL: ReadonlySet<ErrorCode> = new Set(['no-webgl', 'no-wasm', 'room-missing'])

function problemWords(error: SoraError, serverUrl: string): Words {
  if (error.code === 'connection-lost') {
    const detail = `Nothing answers at ${serverUrl}. Is the server running? “npm start” starts it.`
    return problem('The server is gone', detail)
  }
  const advice = ADVICE[error.code]
  if (!advice) return problem('That did not work', error.message)
  const retryLabel = RETRY_LABELS[error.code] ?? 'Try again'
  const detail = NEEDS_NO_DETAIL.has(error.code) ? advice[1] : `${advice[1]} (${error.message})`
  return { ...problem(advice[0], detail), retryLabel }
}

function problem(title: string, detail: string): Words {
  return { title, detail, tone: 'problem', retryLabel: 'Try again' }
}

function wait(title: string, detail: string): Words {
  return { title, detail, tone: 'wait' }
}

function small(title: string, detail: string): Words {
  return { title, detail, tone: 'wait', isSmall: true }
}
