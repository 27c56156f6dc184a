/** Bounds that server and client both know, so that a client can refuse before it sends. */
export const LIMITS = {
  /** Characters of a prompt; longer is refused with `prompt-too-long`. */
  promptLength: 500,
  /** Characters of an event text. */
  eventLength: 200,
  /** Messages a client may send in one second; more are dropped with one `rate-limited` notice per second. */
  messagesPerSecond: 120,
  /** Bytes of one message from a client. */
  messageBytes: 16 * 1024,
  /** Degrees of one axis in one control message; a mouse cannot turn further between two animation frames. */
  axisDelta: 720,
  /** Bytes of one chunk packet that a client accepts. */
  packetBytes: 4 * 1024 * 1024,
  /** Bytes of one world file. */
  worldBytes: 8 * 1024 * 1024,
  /** Worlds that may branch off at once. */
  branches: 8,
} as const
