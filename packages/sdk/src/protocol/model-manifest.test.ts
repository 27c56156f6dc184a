import { describe, expect, it } from 'vitest'
import { chunkDurationMs, parseManifest, tokensPerChunk, weightsFiles } from './model-manifest.ts'

const graphs = { encoder: 'e.onnx', decoder: 'd.onnx', text: 't.onnx', denoiser: 'n.onnx' }
const file = { sha256: 'a'.repeat(64), bytes: 10 }
const valid = {
  manifestVersion: 1,
  name: 'tiny',
  version: '0.0.1',
  licence: 'Apache-2.0',
  frames: { perSecond: 20, perChunk: 4 },
  sizes: [{ width: 128, height: 80, latentWidth: 8, latentHeight: 5 }],
  latent: { channels: 16, wire: { clip: 4.5 } },
  actionSpace: { buttons: [{ name: 'forward', binding: 'hold' }], axes: [] },
  denoiser: {
    contextChunks: 8,
    tokensPerChunk: { fixed: 10, perLatentCell: 1 },
    layers: 2,
    heads: 4,
    headDim: 40,
    timePeriod: 64,
    steps: { default: 2, allowed: [1, 2, 4], max: 16 },
    contextNoise: 0.1,
  },
  decoder: { stateChannels: 32, depthScale: 8 },
  text: {
    length: 24,
    queryTokens: 8,
    width: 64,
    pooledWidth: 64,
    tokenizer: { kind: 'words', words: ['<pad>'], hashBuckets: 64 },
  },
  pose: null,
  outputs: ['rgb'],
  camera: { verticalFovDegrees: 60 },
  variants: { 'cpu-fp32': graphs },
  files: { 'e.onnx': file, 'd.onnx': file, 't.onnx': file, 'n.onnx': file },
  training: { tier: 'nano', summary: 'none' },
}

describe('parseManifest', () => {
  it('reads a valid manifest and derives its numbers', () => {
    const manifest = parseManifest(valid)
    expect(tokensPerChunk(manifest, manifest.sizes[0]!)).toBe(50)
    expect(chunkDurationMs(manifest)).toBe(200)
  })

  it.each([0, 2, '1', undefined])('refuses manifest version %j by name', (manifestVersion) => {
    expect(() => parseManifest({ ...valid, manifestVersion })).toThrow(
      expect.objectContaining({ code: 'model-version' }),
    )
  })

  it('names the field that is wrong', () => {
    expect(() => parseManifest({ ...valid, frames: { perSecond: -1, perChunk: 4 } })).toThrow(/frames\.perSecond/)
  })

  describe('depth channels', () => {
    const latent = { channels: 16, depthChannels: 4, wire: { clip: 4.5 } }
    const outputs = ['rgb', 'depth']

    it('are some of the channels of a model that gives depth', () => {
      expect(parseManifest({ ...valid, latent, outputs }).latent.depthChannels).toBe(4)
      expect(parseManifest(valid).latent.depthChannels).toBeUndefined()
    })

    it.each([
      ['leave none for the picture', { latent: { ...latent, depthChannels: 16 }, outputs }],
      ['needs "depth" in "outputs"', { latent, outputs: ['rgb'] }],
      ['depthChannels', { latent: { ...latent, depthChannels: 0 }, outputs }],
    ])('are refused when they %s', (message, fields) => {
      expect(() => parseManifest({ ...valid, ...fields })).toThrow(message)
    })
  })

  describe('world memory', () => {
    const memory = { scale: 2, channels: 24, maxPoints: 32_768 }
    const fields = ['right', 'up', 'forward', 'yaw', 'pitch', 'onGround']
    const withMemory = { ...valid, memory, pose: { fields }, outputs: ['rgb', 'depth', 'pose'] }

    it('may be there, absent or null', () => {
      expect(parseManifest(withMemory).memory).toEqual(memory)
      expect(parseManifest(valid).memory).toBeUndefined()
      expect(parseManifest({ ...valid, memory: null }).memory).toBeNull()
    })

    it.each([
      ['no pose output', { outputs: ['rgb', 'depth'] }, /memory.*"pose" in "outputs"/],
      ['no depth output', { outputs: ['rgb', 'pose'] }, /memory.*"depth" in "outputs"/],
      ['no pose', { pose: null }, /memory.*"right" in "pose.fields"/],
      ['a pose without a field', { pose: { fields: fields.slice(0, 5) } }, /memory.*"onGround"/],
      ['a scale that does not divide', { memory: { ...memory, scale: 3 } }, /scale 3 does not divide 128x80/],
      ['too few points', { memory: { ...memory, maxPoints: 2559 } }, /maxPoints 2559 are fewer/],
      ['more points than memory', { memory: { ...memory, maxPoints: 1e12 } }, /memory\.maxPoints/],
      ['other channels', { memory: { ...memory, channels: 5 } }, /"channels" is 5/],
      ['a fusion without a hash', { memory: { ...memory, fusion: 'f.onnx' } }, /memory.*"f.onnx" has no hash/],
      ['a fusion of nothing', { memory: { ...memory, fusion: 'd.onnx' } }, /"fusion" needs "latent.depthChannels"/],
    ])('is refused with %s', (_, change, reason) => {
      const attempt = () => parseManifest({ ...withMemory, ...change })
      expect(attempt).toThrow(
        expect.objectContaining({ code: 'model-invalid', message: expect.stringMatching(reason) }),
      )
    })
  })

  describe('readers', () => {
    const captioner = { file: 'e.onnx', maxChunks: 8, length: 24 }
    const policy = { file: 'd.onnx', maxChunks: 8, cameraBins: [-1, 0, 1] }

    it('may be there, absent or null, and each of them absent', () => {
      expect(parseManifest({ ...valid, readers: { captioner, policy } }).readers).toEqual({ captioner, policy })
      expect(parseManifest({ ...valid, readers: { policy } }).readers).toEqual({ policy })
      expect(parseManifest({ ...valid, readers: null }).readers).toBeNull()
      expect(parseManifest(valid).readers).toBeUndefined()
    })

    it.each([
      ['a file without a hash', { captioner: { ...captioner, file: 'c.onnx' } }, /readers\.captioner.*c\.onnx/],
      ['no chunks', { captioner: { ...captioner, maxChunks: 0 } }, /readers\.captioner\.maxChunks/],
      ['bins that do not rise', { policy: { ...policy, cameraBins: [0, 0, 1] } }, /cameraBins.*do not rise/],
      ['bins beyond the axis', { policy: { ...policy, cameraBins: [-2, 0] } }, /readers\.policy\.cameraBins/],
    ])('are refused with %s', (_, readers, reason) => {
      expect(() => parseManifest({ ...valid, readers })).toThrow(
        expect.objectContaining({ code: 'model-invalid', message: expect.stringMatching(reason) }),
      )
    })
  })

  describe('external weights', () => {
    const externalWeights = { 'n.onnx': ['n.weights'] }
    const withWeights = { ...valid, externalWeights, files: { ...valid.files, 'n.weights': file } }

    it('may be there, absent or null, and shared by graphs', () => {
      expect(parseManifest(withWeights).externalWeights).toEqual(externalWeights)
      const shared = { 'n.onnx': ['n.weights'], 'e.onnx': ['n.weights'] }
      expect(parseManifest({ ...withWeights, externalWeights: shared }).externalWeights).toEqual(shared)
      expect(parseManifest({ ...valid, externalWeights: null }).externalWeights).toBeNull()
      expect(parseManifest(valid)).not.toHaveProperty('externalWeights')
    })

    it('belong to the graphs that are named', () => {
      const manifest = parseManifest(withWeights)
      expect(weightsFiles(manifest, 'n.onnx')).toEqual(['n.weights'])
      expect(weightsFiles(manifest, 'e.onnx')).toEqual([])
      expect(weightsFiles(manifest, 'constructor')).toEqual([])
      expect(weightsFiles(parseManifest(valid), 'n.onnx')).toEqual([])
    })

    it.each([
      [
        'weights without a hash',
        { 'n.onnx': ['other.weights'] },
        /externalWeights\.n\.onnx.*"other\.weights" has no hash/,
      ],
      ['a graph without a hash', { 'x.onnx': ['n.weights'] }, /externalWeights\.x\.onnx.*"x\.onnx" has no hash/],
      ['a name of every object', { 'n.onnx': ['constructor'] }, /"constructor" has no hash/],
      ['no files', { 'n.onnx': [] }, /externalWeights\.n\.onnx/],
      ['one name in place of a list', { 'n.onnx': 'n.weights' }, /externalWeights\.n\.onnx/],
      ['the graph itself', { 'n.onnx': ['n.onnx'] }, /its own weights/],
      ['a file outside of the folder', { 'n.onnx': ['../n.weights'] }, /externalWeights\.n\.onnx\.0.*package folder/],
      ['a file of a folder', { 'n.onnx': ['a\\n.weights'] }, /externalWeights\.n\.onnx\.0.*package folder/],
      ['the folder above', { 'n.onnx': ['..'] }, /externalWeights\.n\.onnx\.0.*package folder/],
    ])('are refused with %s', (_, wrong, reason) => {
      expect(() => parseManifest({ ...withWeights, externalWeights: wrong })).toThrow(
        expect.objectContaining({ code: 'model-invalid', message: expect.stringMatching(reason) }),
      )
    })
  })

  it('refuses a variant whose file has no hash', () => {
    const variants = { broken: { ...graphs, denoiser: 'other.onnx' } }
    expect(() => parseManifest({ ...valid, variants })).toThrow(/other\.onnx/)
  })
})
