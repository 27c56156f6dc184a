import { type SnapshotReply, SoraError } from '../protocol/index.ts'

/** All that a fake world is. */
export interface FakeWorldFacts {
  prompt: string
  rngSeed: number
  /** Chunk to come next. */
  seq: number
}

/** What the fake world keeps instead of world files: its facts, as JSON. Only its own mean anything to it. */
export class FakeWorldFiles {
  readonly #files = new Map<string, Uint8Array>()

  keep(facts: FakeWorldFacts): SnapshotReply {
    const bytes = new TextEncoder().encode(JSON.stringify({ fake: true, ...facts }))
    return { id: this.#put(bytes), bytes: bytes.length }
  }

  /** @throws SoraError `world-missing` */
  fetch(id: string): Uint8Array {
    const bytes = this.#files.get(id)
    if (!bytes) throw new SoraError('world-missing', `the fake world keeps nothing as "${id}"`)
    return bytes
  }

  /** @throws SoraError `world-invalid` for bytes that are none of its own */
  send(bytes: Uint8Array): string {
    parse(bytes)
    return this.#put(bytes)
  }

  /** @throws SoraError `world-missing` */
  read(id: string): FakeWorldFacts {
    return parse(this.fetch(id))
  }

  #put(bytes: Uint8Array): string {
    const id = this.#files.size.toString(16).padStart(32, '0')
    this.#files.set(id, bytes)
    return id
  }
}

function parse(bytes: Uint8Array): FakeWorldFacts {
  try {
    const facts = JSON.parse(new TextDecoder().decode(bytes))
    if (facts.fake === true) return facts
  } catch {
    // Falls through to the refusal.
  }
  throw new SoraError('world-invalid', 'this is no world of the fake server')
}
