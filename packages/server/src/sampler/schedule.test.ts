import { describe, expect, it } from 'vitest'
import { fakeManifest } from '../model/fake-manifest.ts'
import { checkSteps, sigmaSchedule, trainedStepSize } from './schedule.ts'

describe('sigmaSchedule', () => {
  it('runs from pure noise to clean', () => {
    expect(sigmaSchedule(1)).toEqual([1, 0])
    expect(sigmaSchedule(2)).toEqual([1, 0.5, 0])
    expect(sigmaSchedule(4)).toEqual([1, 0.75, 0.5, 0.25, 0])
  })

  it('can start half way', () => {
    expect(sigmaSchedule(2, 0.5)).toEqual([0.5, 0.25, 0])
  })
})

describe('trainedStepSize', () => {
  it('keeps powers of two and rounds others to one', () => {
    expect([1, 0.5, 0.25, 1 / 16].map((length) => trainedStepSize(length, 16))).toEqual([1, 0.5, 0.25, 1 / 16])
    expect(trainedStepSize(0.3, 16)).toBe(0.25)
    expect(trainedStepSize(0.001, 16)).toBe(1 / 16)
  })
})

describe('checkSteps', () => {
  it('names what the model allows', () => {
    expect(() => checkSteps(fakeManifest(), 2)).not.toThrow()
    expect(() => checkSteps(fakeManifest(), 3)).toThrow(/3 denoise steps.*allows 1, 2, 4/)
  })
})
