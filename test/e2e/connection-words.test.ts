import { SoraError } from '@sora-world/sdk'
import { describe, expect, it } from 'vitest'
import { connectionWords, type Situation } from '../../examples/play/src/connection-words.ts'

const ROOM = {
  status: 'running',
  prompt: 'a swamp',
  caption: 'a swamp',
  rngSeed: 1,
  world: 0,
  seq: 3,
  driver: 'me',
  players: 1,
  catchUpTo: -1,
  queuePosition: 0,
  problem: '',
} as const

const PLAYING: Situation = {
  state: 'running',
  room: ROOM,
  error: null,
  progress: 'running',
  hasPicture: true,
  serverUrl: 'http://here',
}

const words = (change: Partial<Situation>) => connectionWords({ ...PLAYING, ...change })

describe('connectionWords', () => {
  it('has nothing to say while the world plays, or is paused', () => {
    expect(words({})).toBeNull()
    expect(words({ state: 'paused', room: { ...ROOM, status: 'paused' } })).toBeNull()
  })

  it('says what it is doing while it loads', () => {
    expect(words({ state: null, room: null, progress: '', hasPicture: false })?.detail).toContain('http://here')
    const loading = words({ state: 'connecting', progress: 'loading the decoder, 3 of 7 MB', hasPicture: false })
    expect(loading).toMatchObject({ title: 'Getting ready', detail: 'loading the decoder, 3 of 7 MB', tone: 'wait' })
    expect(words({ state: 'ready', hasPicture: false })?.title).toBe('Making the first picture')
  })

  it('tells the place in the line', () => {
    const queued = { ...ROOM, status: 'queued', queuePosition: 3 } as const
    expect(words({ state: 'waiting', room: queued, hasPicture: false })?.title).toBe('You are number 3 in line')
  })

  it('leaves the picture in view for what passes by itself', () => {
    expect(words({ state: 'reconnecting' })).toMatchObject({ isSmall: true, tone: 'wait' })
    expect(words({ state: 'waiting', room: { ...ROOM, status: 'recovering' } })).toMatchObject({ isSmall: true })
    const onTheWay = { ...ROOM, status: 'catching-up', seq: 119, catchUpTo: 300 } as const
    expect(words({ state: 'waiting', room: onTheWay })?.detail).toContain('chunk 120 of 300')
  })

  it('gives the reason and a way out when the model has failed', () => {
    const failed = words({ state: 'waiting', room: { ...ROOM, status: 'failed', problem: 'out of memory' } })
    expect(failed).toMatchObject({ tone: 'problem', detail: 'out of memory', retryLabel: 'Try again' })
  })

  it('has words and a button for every error', () => {
    for (const code of ['no-webgl', 'no-wasm', 'connection-lost', 'room-missing', 'busy', 'internal'] as const) {
      const said = words({ error: new SoraError(code, 'technical reason') })
      expect(said?.tone).toBe('problem')
      expect(said?.retryLabel).toBeTruthy()
      expect(said!.title.length).toBeGreaterThan(10)
    }
  })
})
