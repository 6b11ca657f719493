const UNITS = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]] as const;

/** A duration for people: `12 ms`, `1.3 s`, `5 min`, `2 h 10 min`, `3 d 4 h`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  const at = UNITS.findIndex(([, size]) => ms >= size);
  const [unit, size] = UNITS[at];
  const [lesser, lesserSize] = UNITS[at + 1];
  const rest = Math.floor(ms % size / lesserSize);
  return `${Math.floor(ms / size)} ${unit}${rest ? ` ${rest} ${lesser}` : ""}`;
}
