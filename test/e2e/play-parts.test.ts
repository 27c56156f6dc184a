/** Parts of the play page that need no browser. */
import { describe, expect, it } from 'vitest'
import { fileNameOf } from '../../examples/play/src/download.ts'
import { readPageOptions, roomLink, withoutRoom } from '../../examples/play/src/page-options.ts'
import { sizeFor } from '../../examples/play/src/picture/picture-size.ts'
import { DEFAULT_SETTINGS, parseSettings } from '../../examples/play/src/settings/settings.ts'
import { SettingsStore } from '../../examples/play/src/settings/settings-store.ts'
import { readWorldFacts } from '../../examples/play/src/worlds/world-file-facts.ts'

describe('settings', () => {
  it('keeps what is right and replaces what is wrong', () => {
    const kept = { filter: 'pixels', mouseSensitivity: 99, invertY: 'yes', steps: 2.5, downlink: 'image', other: 1 }
    expect(parseSettings(kept)).toEqual({ ...DEFAULT_SETTINGS, filter: 'pixels', downlink: 'image' })
    for (const nonsense of [null, 7, 'x', [], { __proto__: { filter: 'pixels' } }])
      expect(parseSettings(nonsense)).toEqual(DEFAULT_SETTINGS)
    expect(parseSettings({ mouseSensitivity: Number.NaN, steps: -1 })).toEqual(DEFAULT_SETTINGS)
  })

  it('writes each change and tells what changed', () => {
    const kept = new Map<string, string>()
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (k: string, v: string) => kept.set(k, v),
    }
    const store = new SettingsStore(storage)
    const told: string[][] = []
    store.onChange((_, changed) => told.push([...changed]))
    store.change({ invertY: true, filter: 'clear' })
    store.change({ invertY: true })
    expect(told).toEqual([['invertY']])
    expect(new SettingsStore(storage).current.invertY).toBe(true)
    store.reset()
    expect(new SettingsStore(storage).current).toEqual(DEFAULT_SETTINGS)
  })

  it('lives without a storage, and with one that throws or holds no JSON', () => {
    const broken = {
      getItem: () => '{"filter":',
      setItem: () => {
        throw new Error('quota')
      },
    }
    for (const storage of [null, broken]) {
      const store = new SettingsStore(storage)
      store.change({ hints: false })
      expect(store.current).toEqual({ ...DEFAULT_SETTINGS, hints: false })
    }
  })
})

describe('picture size', () => {
  const sizes = [
    { width: 128, height: 80 },
    { width: 80, height: 128 },
    { width: 96, height: 96 },
  ]
  it('is the one of the shape of the window', () => {
    expect(sizeFor({ width: 1280, height: 720 }, sizes)).toBe(sizes[0])
    expect(sizeFor({ width: 390, height: 844 }, sizes)).toBe(sizes[1])
    expect(sizeFor({ width: 800, height: 760 }, sizes)).toBe(sizes[2])
    expect(sizeFor({ width: 390, height: 844 }, [])).toBeUndefined()
  })
})

describe('addresses', () => {
  it('reads what it asks for', () => {
    const options = readPageOptions(new URL('http://h/?room=abc&steps=2&downlink=odd&test=live&rngSeed=-1'))
    expect(options).toMatchObject({
      steps: 2,
      downlink: undefined,
      isTest: true,
      isStill: false,
      serverUrl: 'http://h',
    })
    expect(options.entry).toEqual({ roomId: 'abc', prompt: undefined, rngSeed: undefined })
  })

  it('leads others into the room, by the same server', () => {
    expect(roomLink(new URL('http://h/?server=http%3A%2F%2Fs&test'), 'abc')).toBe(
      'http://h/?server=http%3A%2F%2Fs&room=abc',
    )
    expect(withoutRoom(new URL('http://h/?room=abc&test'))).toBe('http://h/?test=')
  })
})

it('names files so that every system takes them', () => {
  expect(fileNameOf('A désert / village: "50 %"')).toBe('a-de-sert-village-50')
  expect(fileNameOf('雪の森')).toBe('world')
  expect(fileNameOf('x'.repeat(500)).length).toBe(60)
})

describe('a file that is no world', () => {
  const head = (version: number, bodyLength: number, packed: number[]) => {
    const bytes = new Uint8Array(48 + packed.length)
    bytes.set(new TextEncoder().encode('SORAWRLD'))
    new DataView(bytes.buffer).setUint16(8, version, true)
    new DataView(bytes.buffer).setUint32(12, bodyLength, true)
    bytes.set(packed, 48)
    return bytes
  }
  const sealed = async (bytes: Uint8Array<ArrayBuffer>) => {
    bytes.set(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.slice(48))), 16)
    return bytes
  }

  it('is refused with a reason', async () => {
    await expect(readWorldFacts(new Uint8Array(9))).rejects.toMatchObject({ code: 'world-invalid' })
    await expect(readWorldFacts(head(1, 8, []))).rejects.toThrow('cut off')
    await expect(readWorldFacts(head(2, 8, [1]))).rejects.toMatchObject({ code: 'world-version' })
    await expect(readWorldFacts(head(1, 8, [1, 2, 3]))).rejects.toThrow('cut off or damaged')
    await expect(readWorldFacts(await sealed(head(1, 8, [1, 2, 3])))).rejects.toThrow('cannot be unpacked')
    await expect(readWorldFacts(await sealed(head(1, 2 ** 31, [1])))).rejects.toThrow('length')
  })

  it('is refused when it unpacks to more than it says', async () => {
    const zeros = new Blob([new Uint8Array(1_000_000)]).stream().pipeThrough(new CompressionStream('deflate'))
    const packed = new Uint8Array(await new Response(zeros).arrayBuffer())
    await expect(readWorldFacts(await sealed(head(1, 64, [...packed])))).rejects.toThrow('cannot be unpacked')
  })
})
