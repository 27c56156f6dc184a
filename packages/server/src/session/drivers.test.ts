import { describe, expect, it } from 'vitest'
import { DriverSeat } from './drivers.ts'

describe('the seat', () => {
  it('goes to the first player, not to a spectator', () => {
    const seat = new DriverSeat()
    seat.join('watcher', 'spectator')
    expect(seat.driver).toBe('')
    seat.join('first', 'player')
    seat.join('second', 'player')
    expect(seat.driver).toBe('first')
  })

  it('goes to whoever asks, spectators too, and back to the first player', () => {
    const seat = new DriverSeat()
    seat.join('first', 'player')
    seat.join('watcher', 'spectator')
    seat.take('watcher')
    expect(seat.driver).toBe('watcher')
    seat.leave('watcher')
    expect(seat.driver).toBe('first')
    seat.leave('first')
    expect(seat.driver).toBe('')
  })

  it('does not go back to the one who lets go', () => {
    const seat = new DriverSeat()
    seat.join('first', 'player')
    seat.release('first')
    expect(seat.driver).toBe('')
    seat.take('first')
    seat.join('second', 'player')
    seat.release('first')
    expect(seat.driver).toBe('second')
    seat.release('first')
    expect(seat.driver).toBe('second')
  })

  it('stays with its driver when it is locked', () => {
    const seat = new DriverSeat({ lockControl: true })
    seat.join('first', 'player')
    seat.join('second', 'player')
    expect(() => seat.take('second')).toThrow(expect.objectContaining({ code: 'not-driver' }))
    seat.take('first')
    seat.leave('first')
    expect(seat.driver).toBe('second')
  })
})

it('lets the driver decide, and everybody when there is none', () => {
  const seat = new DriverSeat()
  seat.join('watcher', 'spectator')
  expect(seat.mayDecide('watcher')).toBe(true)
  seat.join('driver', 'player')
  expect([seat.mayDecide('watcher'), seat.mayDecide('driver')]).toEqual([false, true])
})
