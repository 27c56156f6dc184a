/**
 * Version of everything that crosses the socket: message names and shapes, room state, chunk packets.
 *
 * Bump it when an old client would misread a new server or the other way round: a field renamed, removed or given
 * another meaning. Adding an optional field needs no bump. Client and server compare it when a client joins.
 *
 * 2: depth behind the pictures of image packets.
 */
export const PROTOCOL_VERSION = 2
