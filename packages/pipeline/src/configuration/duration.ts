const unit = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of `90s`, `10m`, `24h`, `14d`, or several of them (`1h30m`); undefined for anything else. A day is 24 h. */
export function milliseconds(duration: string): number | undefined {
  if (!/^(\d{1,6}[smhd])+$/.test(duration)) return undefined;
  return [...duration.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, count, letter]) => sum + Number(count) * unit[letter as keyof typeof unit],
    0,
  );
}

/** A duration for people: `0.8 s`, `41 s`, `3 min 12 s`, `2 h 5 min`, `14 d 2 h`. */
export function spoken(duration: number): string {
  if (duration < 9950) return `${(duration / 1000).toFixed(1).replace(/\.0$/, "")} s`;
  const seconds = Math.round(duration / 1000);
  if (seconds < 60) return `${seconds} s`;
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  const parts: [number, string][] =
    days > 0
      ? [
          [days, "d"],
          [hours, "h"],
        ]
      : hours > 0
        ? [
            [hours, "h"],
            [minutes, "min"],
          ]
        : [
            [minutes, "min"],
            [seconds % 60, "s"],
          ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${count} ${name}`)
    .join(" ");
}
