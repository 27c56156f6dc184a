/** Imports run one way: protocol <- agent <- sdk <- three-plugin <- examples; protocol, agent <- server. Each vendor has one seam. */
const only = (name, vendor, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^(packages|examples|bench)/', pathNot: [...allowed, '\\.test\\.ts$'] },
  to: { path: vendor },
})

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { pathNot: 'node_modules' } } },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: ['^node:', '\\?(url|worker)', '^gifenc$'] },
    },
    {
      name: 'protocol-is-pure',
      severity: 'error',
      from: { path: '^packages/sdk/src/protocol/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: ['^packages/sdk/src/protocol/', 'node_modules/(zod|msgpackr)/'] },
    },
    {
      name: 'sdk-knows-no-server-no-three',
      severity: 'error',
      from: { path: '^packages/sdk/' },
      to: { path: ['^packages/(server|three-plugin)/', 'node_modules/three/', '^examples/'] },
    },
    {
      name: 'agent-knows-no-client',
      comment: 'environments and policies run over any backend; the one over a room is the client part',
      severity: 'error',
      from: { path: '^packages/sdk/src/agent/', pathNot: ['^packages/sdk/src/agent/room/', '\\.test\\.ts$'] },
      to: { path: '^packages/', pathNot: '^packages/sdk/src/(agent/(?!room/)|protocol/|stream/pose-track\\.ts$)' },
    },
    {
      name: 'server-imports-only-protocol-and-agent',
      severity: 'error',
      // The command line is an application: it may also be a client.
      from: {
        path: '^packages/server/src/',
        pathNot: ['\\.test\\.ts$', '^packages/server/src/cli/open-room-env\\.ts$'],
      },
      to: { path: '^packages/sdk/src/', pathNot: '^packages/sdk/src/(protocol/|agent/index\\.ts$)' },
    },
    {
      name: 'plugin-imports-only-the-sdk',
      severity: 'error',
      from: { path: '^packages/three-plugin/src/', pathNot: '\\.test\\.ts$' },
      to: { path: ['^packages/server/', '^examples/'] },
    },
    {
      name: 'packages-meet-at-their-index',
      severity: 'error',
      from: { path: '^(packages/three-plugin|examples)/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^packages/sdk/src/',
        pathNot: '^packages/sdk/src/(index|agent/index|protocol/index|decode/decoder-worker)\\.ts$',
      },
    },
    {
      name: 'sampler-is-pure',
      severity: 'error',
      from: { path: '^packages/server/src/(sampler|cache)/', pathNot: '\\.test\\.ts$' },
      to: {
        pathNot: [
          '^packages/server/src/(sampler|cache)/',
          '^packages/server/src/model/denoiser\\.ts$',
          '^packages/sdk/src/protocol/',
        ],
      },
    },
    only(
      'one-onnxruntime-node',
      'node_modules/onnxruntime-node/',
      ['^packages/server/src/model/onnx-runtime\\.ts$'],
      'the inference seam',
    ),
    only(
      'one-onnxruntime-web',
      'node_modules/onnxruntime-web/',
      ['^packages/sdk/src/decode/onnx-web-decoder\\.ts$'],
      'the decoder seam',
    ),
    only(
      'one-colyseus-server',
      'node_modules/@colyseus/(core|ws-transport)/',
      ['^packages/server/src/rooms/'],
      'the room seam',
    ),
    only(
      'one-colyseus-client',
      'node_modules/@colyseus/sdk/',
      ['^packages/sdk/src/transport/colyseus-transport\\.ts$'],
      'the transport seam',
    ),
    only(
      'one-rapier',
      'node_modules/@dimforge/',
      ['^packages/server/src/memory/body-among-blocks\\.ts$', '^examples/', '^bench/'],
      'the physics seam',
    ),
    only('one-three', 'node_modules/three/', ['^packages/three-plugin/', '^examples/', '^bench/'], 'the engine seam'),
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // Templates belong to somebody else: they are checked where they are installed (test/packages).
    exclude: { path: '(^|/)dist/|^packages/create-sora-world/templates/' },
    enhancedResolveOptions: {
      conditionNames: ['@sora/source', 'import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
}
