import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

/** Runs the command where act is not, and nothing that could build it. */
function withoutAct(more: Record<string, string>): { status: number | null; lines: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "without-act-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync("/bin/bash", join(folder, "bash"));
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--conditions=source", join(import.meta.dirname, "main.ts")],
    { encoding: "utf8", env: { PATH: folder, ACT_CACHE: join(folder, "cache"), ...more } },
  );
  return { status, lines: stdout.trim().split("\n") };
}

test("without act nothing passes: it is skipped, and says why", () => {
  const { status, lines } = withoutAct({});
  expect(lines[0]).toMatch(/^SKIPPED: act \d+\.\d+\.\d+ is not here: Go is not there to build it$/);
  expect(lines.at(-1)).toBe("0 passed, 0 failed, 1 skipped");
  expect(status).toBe(0);
});

test("in CI that is a failure", () => {
  const { status, lines } = withoutAct({ CI: "true" });
  expect(lines[0]).toMatch(/^FAILED: act \d+\.\d+\.\d+ is not here/);
  expect(lines.at(-1)).toBe("0 passed, 1 failed, 0 skipped");
  expect(status).toBe(1);
});
