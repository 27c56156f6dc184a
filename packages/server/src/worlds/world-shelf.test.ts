import { expect, it } from 'vitest'
import { VirtualClock } from '../scheduler/virtual-clock.ts'
import { FakeRecording } from './fake-recording.ts'
import { WorldShelf } from './world-shelf.ts'

const value = new FakeRecording().value()
const world = (byte: number) => ({ bytes: Uint8Array.of(byte), value })

it('keeps a world for two minutes, under an id that nobody guesses', async () => {
  const clock = new VirtualClock()
  const shelf = new WorldShelf(clock)
  const id = shelf.put(world(1))
  expect(id).toMatch(/^[0-9a-f]{32}$/)
  await clock.advance(119_000)
  expect(shelf.get(id)).toMatchObject(world(1))
  await clock.advance(2000)
  expect(() => shelf.get(id)).toThrow(expect.objectContaining({ code: 'world-missing' }))
  expect(shelf.count).toBe(0)
})

it('has room for sixteen: the oldest makes way', () => {
  const shelf = new WorldShelf(new VirtualClock())
  const ids = Array.from({ length: 100 }, (_, i) => shelf.put(world(i)))
  expect(shelf.count).toBe(16)
  expect(shelf.get(ids[84]!).bytes[0]).toBe(84)
  expect(() => shelf.get(ids[83]!)).toThrow(expect.objectContaining({ code: 'world-missing' }))
})
