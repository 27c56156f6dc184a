/** The world to come into: a room, a world that was kept, or a new one. */
export interface Entry {
  roomId?: string
  snapshot?: Uint8Array
  prompt?: string
  rngSeed?: number
}

/** What the address of the page asks for. */
export interface PageOptions {
  /** Server to join; the one that served the page unless `?server=` names another. */
  serverUrl: string
  /** `?room=` of a shared link, or `?prompt=` and `?rngSeed=`. */
  entry: Entry
  steps: number | undefined
  downlink: 'latent' | 'image' | undefined
  /** `?fake`: a world inside the page, no server and no model. */
  isDemo: boolean
  /** `?test`: hands the client to browser tests as `window.__sora`. */
  isTest: boolean
  /** `?test`, unless it is `?test=live`: nothing moves or pauses by itself. */
  isStill: boolean
}

export function readPageOptions(address: URL): PageOptions {
  const query = address.searchParams
  const downlink = query.get('downlink')
  return {
    serverUrl: query.get('server') ?? address.origin,
    entry: {
      roomId: query.get('room') ?? undefined,
      prompt: query.get('prompt') ?? undefined,
      rngSeed: wholeNumber(query.get('rngSeed')),
    },
    steps: wholeNumber(query.get('steps')),
    downlink: downlink === 'latent' || downlink === 'image' ? downlink : undefined,
    isDemo: query.has('fake'),
    isTest: query.has('test'),
    isStill: query.has('test') && query.get('test') !== 'live',
  }
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined
}

/** Link that lets somebody else into the room. */
export function roomLink(address: URL, roomId: string): string {
  return linkWith(address, 'room', roomId)
}

/** Link to a world of one's own. */
export function promptLink(address: URL, prompt: string): string {
  return linkWith(address, 'prompt', prompt)
}

/** The address of this page for a visitor who has left the room that it named. */
export function withoutRoom(address: URL): string {
  const other = new URL(address)
  other.searchParams.delete('room')
  return other.href
}

/** Keeps `?server=` and drops what only concerned this tab. */
function linkWith(address: URL, name: string, value: string): string {
  const link = new URL(address.pathname, address.origin)
  const server = address.searchParams.get('server')
  if (server) link.searchParams.set('server', server)
  link.searchParams.set(name, value)
  return link.href
}
