import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { Undisturbed } from "../faults/grid.ts";
import { writeExamplePipeline } from "../world/example-pipeline.ts";
import { cellOf } from "./cell-verdict.ts";
import { planted } from "./planted.ts";

const example = writeExamplePipeline();
const root = mkdtempSync(join(tmpdir(), "planted-"));
afterAll(() => {
  example.remove();
  rmSync(root, { recursive: true });
});

/** An action that opens one issue, however often it is run: it looks first. */
const built = `
const agent = new Agent({ proxyEnv: process.env });
const headers = { "user-agent": "probe", authorization: "Bearer " + process.env.INPUT_TOKEN };
const ask = (method, body) => new Promise((resolve, reject) => {
  request("https://api.github.com/repos/team/product/issues", { method, agent, headers }, async (answer) => {
    let text = "";
    for await (const part of answer) text += part;
    if (answer.statusCode < 400) resolve(JSON.parse(text));
    else reject(new Error(text));
  }).on("error", reject).end(body);
});
const there = (await ask("GET")).some(({ title }) => title === "x");
if (!there) await ask("POST", '{"title":"x"}');
`;
const module = "packages/probe/src/probe.ts";
mkdirSync(join(root, "packages/probe/build"), { recursive: true });
writeFileSync(join(root, "packages/probe/build/probe.js"), built);
writeFileSync(
  join(example.actions["tools/probe"] ?? "", "index.mjs"),
  `import { Agent, request } from "node:https";\n\n;// CONCATENATED MODULE: ./packages/probe/build/probe.js\n${built}`,
);
writeFileSync(
  join(example.pipeline, ".github/workflows/once.yml"),
  stringify({
    name: "Once",
    on: "workflow_dispatch",
    permissions: {},
    jobs: {
      once: {
        "runs-on": "ubuntu-latest",
        permissions: { issues: "write" },
        steps: [{ uses: "tools/probe@v1", with: { url: "unused" } }],
      },
    },
  }),
);
const rehearsal = join(example.pipeline, "rehearsal.yml");
const { requirements: _, ...written } = parse(readFileSync(rehearsal, "utf8")) as {
  requirements: unknown;
  scenarios: unknown[];
};
writeFileSync(
  rehearsal,
  stringify({
    ...written,
    scenarios: [
      ...written.scenarios,
      {
        name: "one issue",
        acts: [{ dispatch: { workflow: "once.yml" }, by: "ann", as: "opened" }],
        expect: [],
      },
    ],
    faults: [{ scenario: "one issue", acts: ["opened"] }],
    requirements: [],
  }),
);

/** Opens a second issue when the machine was lost just after the first. */
const noLook = {
  bug: "an issue is opened without a look",
  module,
  from: "if (!there) await",
  to: "await",
  act: "opened",
  write: "github POST /repos/*/product/issues",
  fault: "kill after",
  wrong: "github team/product issue #2 is there",
};

async function run(cells: object[], args = ["--kill"]): Promise<{ code: number; text: string }> {
  writeFileSync(join(example.pipeline, "planted-bugs.yml"), stringify({ cells }));
  const printed: string[] = [];
  const copies = join(root, "copies");
  const code = await planted(
    args,
    {
      root,
      actions: example.actions,
      pipeline: example.pipeline,
      copies,
      table: join(root, "planted.md"),
      longest: 60_000,
    },
    { line: (line) => printed.push(line), colour: false },
  );
  expect(existsSync(copies) ? readdirSync(copies) : []).toEqual([]);
  return { code, text: printed.join("\n") };
}

describe("planted bugs that a fault brings to light", () => {
  test("one is caught by what is left behind, and the others of the list are tried too", async () => {
    const { text, code } = await run([
      noLook,
      {
        ...noLook,
        bug: "a header is another",
        from: '"user-agent": "probe"',
        to: '"user-agent": "x"',
      },
    ]);
    expect(text).toContain('Without a bug and undisturbed "opened" sends 1 writes.');
    expect(text).toMatch(
      /\| an issue is opened without a look \| packages\/probe\/src\/probe\.ts \| opened: github POST \/repos\/\*\/product\/issues: kill after \| github team\/product issue #2 is there, .* \| caught \|/,
    );
    expect(text).toContain("**missed**: the cell stays right, after 2 attempts");
    expect(text.endsWith("\n2 planted bugs, 1 caught, 1 missed")).toBe(true);
    expect(code).toBe(1);
    expect(readFileSync(join(root, "planted.md"), "utf8")).toContain("| an issue is opened");
  });

  test("they are played with those of the lines, and alone where a text of them is asked for", async () => {
    const all = await run([noLook], []);
    expect(all.text).toContain("0 planted bugs, 0 caught, 0 missed");
    expect(all.text.endsWith("\n1 planted bugs, 1 caught, 0 missed")).toBe(true);
    expect(all.code).toBe(0);
    const none = await run([noLook], ["--kill", "a mail"]);
    expect(none.text.endsWith("\n0 planted bugs, 0 caught, 0 missed")).toBe(true);
    expect(none.code).toBe(1);
    const wrong = await run([noLook], ["--slay"]);
    expect(wrong.text).toContain("planted --kill [TEXT …]");
    expect(wrong.code).toBe(1);
  });

  test.each([
    ["is wrong otherwise", { wrong: "milestone 1" }, 'nothing of what is wrong says "milestone 1"'],
    [
      "is wrong without the bug",
      { fault: "kill after, lists stale for 3 reads" },
      "the cell is wrong without the bug: github team/product issue #2",
    ],
    [
      "has an action that crashes",
      { to: "console.log('::error title=RA1004 An unexpected error::x is not defined'); await" },
      "an action crashed: x is not defined",
    ],
    [
      "has no text to change",
      { from: "never written" },
      "stale: packages/probe/build/probe.js has",
    ],
    [
      "disturbs what is not sent",
      { write: "github PUT /x" },
      'stale: "opened" has no write github',
    ],
  ])("a bug whose cell %s is missed", async (_name, change, says) => {
    const { text, code } = await run([{ ...noLook, ...change }]);
    expect(text).toContain("**missed**: ");
    expect(text).toContain(says);
    expect(text.endsWith("\n1 planted bugs, 0 caught, 1 missed")).toBe(true);
    expect(code).toBe(1);
  });

  test("a file of bugs that says something impossible is refused with its lines", async () => {
    const { text, code } = await run([
      { ...noLook, act: "closed" },
      { ...noLook, to: noLook.from },
    ]);
    expect(text).toContain('"closed" is no act of faults: in rehearsal.yml');
    expect(text).toContain("cells.1.to: it is the same as `from`");
    expect(code).toBe(1);
    expect((await run([{ ...noLook, fault: "storm" }])).text).toContain("cells.0.fault");
  });

  test("a write that could be several is none", () => {
    const post = { at: "github", method: "POST", nth: 1 };
    const places = [1, 2].map((id) => ({ ...post, path: `/deployments/${id}/statuses` }));
    const acts = [{ name: "opened", places: [...places, { ...post, path: "/issues", nth: 2 }] }];
    const find = (write: string) =>
      cellOf({ ...noLook, fault: "kill after", write }, acts as unknown as Undisturbed[]);
    expect(find("github POST /deployments/*/statuses")).toEqual({
      stale: '"opened" has 2 writes github POST /deployments/*/statuses',
    });
    expect(find("github POST /deployments/2/statuses")).toMatchObject({ place: places[1] });
    expect(find("github POST /issues")).toHaveProperty("stale");
    expect(find("github POST /issues (2)")).toHaveProperty("place");
  });
});
