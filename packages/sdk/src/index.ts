/**
 * Client of a generated world. Start with {@link WorldClient.connect}; the rest are parts of it that can be used or
 * replaced one by one.
 */

export * from './agent/index.ts'
export { RoomBackend, type RoomOptions } from './agent/room/room-backend.ts'
export type { WorldClientOptions, WorldEvents, WorldState } from './client/world-options.ts'
export { type Clock, SYSTEM_CLOCK } from './clock.ts'
export { FakeDecoder, type FakeDecoderOptions } from './decode/fake-decoder.ts'
export type { DecodedChunk, DecoderOptions, FrameDecoder, Picture } from './decode/frame-decoder.ts'
export { ImageDecoder, type Pixels, type ReadImage } from './decode/image-decoder.ts'
export { LatentDecoder, type LatentDecoderOptions } from './decode/latent-decoder.ts'
export { HttpModelFiles, type ModelFiles, type ReadOptions } from './decode/model-files.ts'
export { type EngineStream, SharedEngines } from './decode/shared-engines.ts'
export type { InputDevice } from './input/device.ts'
export { Gamepads, type GamepadsOptions } from './input/gamepad.ts'
export { type InputSink, type InputSnapshot, InputState } from './input/input-state.ts'
export { Keyboard, type KeyboardOptions } from './input/keyboard.ts'
export { DEFAULT_KEYMAP, type Keymap, keymapFor, keysFor } from './input/keymap.ts'
export { Pointer, type PointerOptions } from './input/pointer.ts'
export { Touch, type TouchOptions } from './input/touch.ts'
export * from './protocol/index.ts'
export { type CameraView, cameraView, project, unproject } from './space/camera-view.ts'
export { requireOutputs } from './space/require-outputs.ts'
export { type DepthEdges, upsampleDepth } from './space/upsample-depth.ts'
export { type VoxelMesh, voxelGlb, voxelMesh } from './space/voxel-glb.ts'
export { type Column, type Voxel, VoxelMap, type VoxelMapOptions } from './space/voxel-map.ts'
export {
  type AssemblerOutcome,
  type Chunk,
  ChunkAssembler,
  type ImageChunk,
  type LatentChunk,
} from './stream/chunk-assembler.ts'
export { copyFrame, type Frame } from './stream/frame.ts'
export { FramePacer, type PacerDecision, type PacerOptions } from './stream/frame-pacer.ts'
export type { Summary } from './stream/percentiles.ts'
export { advance, type Pose, type PoseStep, PoseTrack } from './stream/pose-track.ts'
export { type StatsSnapshot, StreamStats } from './stream/stream-stats.ts'
export { ColyseusTransport, type ColyseusTransportOptions } from './transport/colyseus-transport.ts'
export { FakeWorld, type FakeWorldOptions } from './transport/fake-world.ts'
export { type MemoryServer, MemoryTransport, type MemoryTransportOptions } from './transport/memory-transport.ts'
export type {
  Droppable,
  LinkState,
  RequestName,
  RequestOptions,
  Transport,
  TransportJoin,
  TransportListener,
} from './transport/transport.ts'
export { VirtualClock } from './virtual-clock.ts'
export { WorldClient } from './world-client.ts'
