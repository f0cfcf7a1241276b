/** Milliseconds in words, the two largest units (`1 h 5 min`, `12 s`, `340 ms`). Negative values count as none. */
export function formatDuration(milliseconds: number): string {
  const ms = Math.max(0, Math.round(milliseconds));

  if (ms < 1000) {
    return `${ ms } ms`;
  }
  const seconds = Math.round(ms / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor((seconds % 86_400) / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([value]) => value > 0);

  return parts.slice(first, first + 2).filter(([value]) => value > 0).map(([value, unit]) => `${ value } ${ unit }`).join(' ');
}

/** Milliseconds between two RFC 3339 instants; `to` defaults to `now` (milliseconds since the epoch). */
export function elapsed(from: string, to: string | undefined, now: number): number {
  return (to === undefined ? now : Date.parse(to)) - Date.parse(from);
}
