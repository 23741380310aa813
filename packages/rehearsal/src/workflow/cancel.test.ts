import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { actionTree, printed, run, runSteps } from "./fixture.ts";
import type { RunEvent } from "./contract.ts";

/** Cancels as soon as a step has printed `ready`. */
function canceller(): { signal: AbortSignal; observe(event: RunEvent): void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    observe: (event) => {
      if (event.kind === "log" && event.line === "ready") controller.abort();
    },
  };
}

/** Does the process exist, other than as a zombie that nobody has collected yet? */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

const action = (script: string): Promise<Record<string, string>> =>
  actionTree({
    "action.yml": "runs: {using: node24, main: main.js, post: post.js}",
    "main.js": script,
    "post.js": "console.log('post ran')",
  });

describe("cancel", () => {
  test("a program that ends at the interrupt, then only always() and cancelled() steps and posts", async () => {
    const actions = await action(
      "process.on('SIGINT', () => { console.log('interrupted'); process.exit(0); }); console.log('ready'); setInterval(() => {}, 1000);",
    );
    const result = await runSteps(
      "- uses: org/tools@v1\n- run: echo no\n- {run: echo always, if: always()}\n- {run: echo cancelled, if: cancelled()}\n- {run: echo failure, if: failure()}",
      { actions, ...canceller() },
    );
    expect(printed(result)).toEqual([
      "ready",
      "interrupted",
      "##[error]The operation was canceled.",
      "Skipped: its condition does not hold.",
      "always",
      "cancelled",
      "Skipped: its condition does not hold.",
      "post ran",
    ]);
    expect(result.jobs["a"]?.steps.map((step) => step.outcome)).toEqual([
      "cancelled",
      "skipped",
      "success",
      "success",
      "skipped",
      "success",
    ]);
    expect(result.conclusion).toBe("cancelled");
  });

  test("without grace a program and its children in other groups end where they are", async () => {
    const actions = await action(
      `const { spawn } = require("node:child_process");
      process.on("SIGINT", () => console.log("heard"));
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" });
      child.on("spawn", () => console.log("child " + child.pid + "\\nready"));`,
    );
    const { signal, observe } = canceller();
    const result = await runSteps("- uses: org/tools@v1", {
      actions,
      signal,
      observe,
      grace: { interrupt: 0, terminate: 0 },
    });
    const log = result.jobs["a"]?.steps[0]?.log ?? "";
    expect(result.jobs["a"]?.steps[0]).toMatchObject({ outcome: "cancelled", exitCode: 137 });
    expect(log).not.toContain("heard");
    expect(isRunning(Number(/child (\d+)/.exec(log)?.[1]))).toBe(false);
  });

  test("a program that ignores the interrupt gets SIGTERM, and one that ignores both is killed", async () => {
    const polite = await action(
      "process.on('SIGINT', () => console.log('int')); process.on('SIGTERM', () => { console.log('term'); process.exit(1); }); console.log('ready'); setInterval(() => {}, 1000);",
    );
    expect(
      printed(await runSteps("- uses: org/tools@v1", { actions: polite, ...canceller() })).slice(
        0,
        3,
      ),
    ).toEqual(["ready", "int", "term"]);
    const stubborn = await action(
      "process.on('SIGINT', () => {}); process.on('SIGTERM', () => console.log('no')); console.log('ready'); setInterval(() => {}, 1000);",
    );
    const killed = await runSteps("- uses: org/tools@v1", { actions: stubborn, ...canceller() });
    expect(killed.jobs["a"]?.steps[0]).toMatchObject({ outcome: "cancelled", exitCode: 137 });
    expect(killed.jobs["a"]?.steps[0]?.log).toContain("no");
  });

  test("a running step whose condition holds for a cancelled job goes on", async () => {
    const result = await runSteps(
      "- {run: 'echo ready; sleep 0.4; echo finished', if: always()}\n- run: echo no",
      canceller(),
    );
    expect(printed(result)).toContain("finished");
    expect(result.jobs["a"]?.steps[0]?.outcome).toBe("success");
    expect(result.jobs["a"]?.result).toBe("cancelled");
  });

  test("jobs behind the cancelled one: only always() and cancelled() run", async () => {
    const job = (condition: string): string =>
      `    needs: a\n${condition}    runs-on: ubuntu-latest\n    steps: [{run: 'true', if: always()}]\n`;
    const result = await run(
      `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{run: 'echo ready; exec sleep 20'}]\n  b:\n${job("")}  c:\n${job("    if: always()\n")}  d:\n${job("    if: failure()\n")}`,
      canceller(),
    );
    expect(result.jobs["a"]?.result).toBe("cancelled");
    expect(result.jobs["b"]?.result).toBe("skipped");
    expect(result.jobs["c"]?.steps[0]?.outcome).toBe("success");
    expect(result.jobs["d"]?.result).toBe("skipped");
    expect(result.conclusion).toBe("cancelled");
  });
});

describe("time", () => {
  test("a step over its minutes fails, and failure() steps run", async () => {
    const result = await runSteps(
      "- {name: Slow, run: exec sleep 20, timeout-minutes: 2}\n- {run: echo failed, if: failure()}",
      { minute: 100 },
    );
    expect(result.jobs["a"]?.steps[0]?.outcome).toBe("failure");
    expect(result.jobs["a"]?.annotations[0]?.message).toBe(
      "The action 'Slow' has timed out after 2 minutes.",
    );
    expect(printed(result)).toContain("failed");
    expect(result.conclusion).toBe("failure");
  });

  test("a fraction is cut off, as the runner does, and said", async () => {
    const result = await runSteps("- {run: sleep 0.2, timeout-minutes: 0.5}", { minute: 100 });
    expect(result.conclusion).toBe("success");
    expect(result.jobs["a"]?.annotations[0]?.message).toContain(
      "timeout-minutes: 0.5 of a step is cut to 0",
    );
  });

  test("a job over its minutes is cancelled", async () => {
    const result = await run(
      "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    timeout-minutes: 2\n    steps: [{run: exec sleep 20}, {run: echo cleanup, if: always()}]\n",
      { minute: 100 },
    );
    expect(result.jobs["a"]?.result).toBe("cancelled");
    expect(printed(result)).toContain("cleanup");
    expect(result.jobs["a"]?.annotations[0]?.message).toContain(
      "exceeded the maximum execution time of 2m0s",
    );
  });

  test("programs left behind by a step live through the job and not longer", async () => {
    const result = await runSteps(
      `- run: |\n    sleep 300 > /dev/null 2>&1 &\n    echo "pid=$!" >> "$GITHUB_ENV"\n- run: kill -0 "$pid" && echo "alive $pid"`,
    );
    const [alive] = printed(result).flatMap((line) => /^alive (\d+)$/.exec(line)?.[1] ?? []);
    await expect.poll(() => isRunning(Number(alive)), { timeout: 20_000 }).toBe(false);
  });
});
