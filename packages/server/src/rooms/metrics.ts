import type { ServerHealth } from './server-health.ts'

/** The figures of `/health` in the text format that Prometheus reads. */
export function metricsText({ rooms, maxRooms, maxRunning, chunk }: ServerHealth): string {
  return [
    ...metric('rooms', 'gauge', 'Rooms that exist', rooms),
    ...metric('rooms_max', 'gauge', 'Rooms that may exist', maxRooms),
    ...metric('rooms_running_max', 'gauge', 'Rooms that fit into real time', maxRunning),
    ...metric('chunk_p50_ms', 'gauge', 'Worker time of a chunk, median', chunk.p50Ms),
    ...metric('chunk_p95_ms', 'gauge', 'Worker time of a chunk, 95th percentile', chunk.p95Ms),
    ...metric('chunks_total', 'counter', 'Chunks made', chunk.chunks),
    ...metric('chunks_late_total', 'counter', 'Chunks that were ready too late', chunk.late),
    ...metric('recoveries_total', 'counter', 'Worlds that had broken down and were started anew', chunk.recoveries),
    '',
  ].join('\n')
}

function metric(name: string, type: 'gauge' | 'counter', help: string, value: number): string[] {
  return [`# HELP sora_world_${name} ${help}`, `# TYPE sora_world_${name} ${type}`, `sora_world_${name} ${value}`]
}
