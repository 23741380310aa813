import { expect, test } from "vitest";
import { amount, createCopyProgress } from "./copy-progress.ts";

test("a long copy gets a line every five seconds, with the rate since the line before", () => {
  const lines: string[] = [];
  let now = 1000;
  const passed = createCopyProgress(
    (line) => lines.push(line),
    () => now,
  );
  for (let second = 0; second < 16; second += 1) {
    for (let chunk = 0; chunk < 10; chunk += 1) passed(second < 6 ? 100_000 : 200_000);
    now += 1000;
  }
  expect(lines).toEqual([
    "… 5.1 MB copied, 1.0 MB/s",
    "… 14.2 MB copied, 1.8 MB/s",
    "… 24.2 MB copied, 2.0 MB/s",
  ]);
});

test("a copy that is over at once says nothing", () => {
  const lines: string[] = [];
  createCopyProgress(
    (line) => lines.push(line),
    () => 0,
  )(5_000_000);
  expect(lines).toEqual([]);
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [99_940, "99.9 kB"],
  [999_400, "999 kB"],
  [999_600, "1.0 MB"],
  [25_200_000, "25.2 MB"],
  [1_073_741_824, "1.1 GB"],
])("%i bytes are %s", (bytes, text) => {
  expect(amount(bytes)).toBe(text);
});
