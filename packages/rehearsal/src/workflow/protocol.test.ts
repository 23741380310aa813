import { describe, expect, test } from "vitest";
import { actionTree, printed, runSteps } from "./fixture.ts";
import { createMasks } from "./mask.ts";

const node = (rest: string): string => `name: Tool\nruns:\n  using: node24\n${rest}`;

describe("masks", () => {
  const secret = 'p&ss "word" it\'s';
  test.each<[name: string, printedForm: string]>([
    ["as it is", secret],
    ["base64", Buffer.from(secret).toString("base64")],
    ["base64 of user:secret, shifted", Buffer.from(secret).subarray(1).toString("base64")],
    ["URI", encodeURIComponent(secret).replaceAll("'", "%27")],
    ["JSON", JSON.stringify(secret).slice(1, -1)],
    ["XML", "p&amp;ss &quot;word&quot; it&apos;s"],
    ["expression", secret.replaceAll("'", "''")],
  ])("%s", (_name, form) => {
    const masks = createMasks();
    masks.add(secret);
    expect(masks.mask(`<${form}>`)).toBe("<***>");
  });

  test("each line, overlaps and neighbours", () => {
    const masks = createMasks();
    masks.add("first line\r\n  second line  \n");
    masks.add("abcab");
    masks.add("");
    expect(masks.mask("x second line y first line")).toBe("x *** y ***");
    expect(masks.mask("abcabcab abcababcab")).toBe("*** ***");
    expect(masks.mask("nothing")).toBe("nothing");
    expect(masks.finds("xx abcab")).toBe(true);
  });
});

describe("node actions", () => {
  test("inputs, defaults, unknown and deprecated inputs", async () => {
    const actions = await actionTree({
      "tool/action.yml": node(
        "  main: ../dist/tool.js\ninputs:\n  my input: {}\n  github-token: {default: '${{ github.token }}'}\n  Where: {default: '${{ github.repository }} on ${{ runner.os }}'}\n  old: {deprecationMessage: use new}\n  empty: {}\n",
      ),
      "dist/tool.js":
        "for (const [k, v] of Object.entries(process.env).sort()) if (k.startsWith('INPUT_')) console.log(`${k}=${v.length} ${k.includes('TOKEN') ? '' : v}`);\nconsole.log('argv', process.argv.length, process.version.split('.')[0], process.cwd() === process.env.GITHUB_WORKSPACE, process.env.GITHUB_ACTION_REPOSITORY, process.env.GITHUB_ACTION_REF, process.env.GITHUB_ACTION);",
    });
    const result = await runSteps(
      "- uses: org/tools/tool@v1\n  with: {MY INPUT: '${{ 1 == 1 }}', old: x, nope: y}",
      { actions },
    );
    expect(printed(result).slice(2)).toEqual([
      "INPUT_EMPTY=0 ",
      "INPUT_GITHUB-TOKEN=10 ",
      "INPUT_MY_INPUT=4 true",
      "INPUT_NOPE=1 y",
      "INPUT_OLD=1 x",
      "INPUT_WHERE=21 example/shop on Linux",
      `argv 2 ${process.version.split(".")[0]} true org/tools v1 __org_tools`,
    ]);
    expect(result.jobs["a"]?.annotations.map((annotation) => annotation.message)).toEqual([
      "Unexpected input(s) 'nope', valid inputs are ['my input', 'github-token', 'Where', 'old', 'empty']",
      "Input 'old' has been deprecated with message: use new",
    ]);
    expect(result.log).not.toContain("token-of-a");
  });

  const staged = {
    "action.yml": node(
      "  pre: pre.js\n  main: main.js\n  post: post.js\n  post-if: success() || env.POST == 'yes'\ninputs: {name: {}}\n",
    ),
    "pre.js":
      "const fs = require('node:fs'); console.log('pre', process.env.INPUT_NAME); fs.appendFileSync(process.env.GITHUB_STATE, `from=${process.env.INPUT_NAME}-pre\\n`);",
    "main.js":
      "const fs = require('node:fs'); console.log('main', process.env.STATE_from); fs.appendFileSync(process.env.GITHUB_STATE, 'main=done\\n'); process.exit(process.env.INPUT_NAME === 'bad' ? 1 : 0);",
    "post.js":
      "console.log('post', process.env.INPUT_NAME, process.env.STATE_from, process.env.STATE_main, process.env.GITHUB_STATE !== undefined);",
  };

  test("pre of all, main, post in reverse order, with state and conditions", async () => {
    const actions = await actionTree(staged);
    const result = await runSteps(
      "- {uses: org/tools@v1, with: {name: one}}\n- {name: Second, uses: org/tools@v1, with: {name: two}}\n- run: echo between",
      { actions },
    );
    expect(printed(result)).toEqual([
      "pre one",
      "pre two",
      "main one-pre",
      "main two-pre",
      "between",
      "post two two-pre done true",
      "post one one-pre done true",
    ]);
    expect(result.jobs["a"]?.steps.map((step) => step.name)).toEqual([
      "Pre Run org/tools@v1",
      "Pre Second",
      "Run org/tools@v1",
      "Second",
      "Run echo between",
      "Post Second",
      "Post Run org/tools@v1",
    ]);
  });

  test("post-if is evaluated as written, after a failure", async () => {
    const actions = await actionTree(staged);
    const result = await runSteps(
      "- {uses: org/tools@v1, with: {name: one}, env: {POST: 'yes'}}\n- {uses: org/tools@v1, with: {name: bad}}",
      { actions },
    );
    expect(printed(result).slice(2)).toEqual([
      "main one-pre",
      "main bad-pre",
      "Skipped: its condition does not hold.",
      "post one one-pre done true",
    ]);
    expect(result.jobs["a"]?.result).toBe("failure");
  });

  test.each<[name: string, uses: string, message: RegExp]>([
    [
      "a foreign action",
      "actions/setup-node@v4",
      /actions\/setup-node@v4 is not in the rehearsal: it knows actions\/checkout, actions\/create-github-app-token and org\/tools/,
    ],
    ["a container", "docker://alpine:3", /container action/],
    ["a docker action", "org/tools/docker@v1", /org\/tools\/docker@v1 is a container action/],
    ["a path that is not there", "org/tools/none@v1", /Can't find 'action.yml'/],
    ["a bundle that is not there", "org/tools/empty@v1", /File not found: 'dist.js'/],
    ["another runtime", "org/tools/old@v1", /'using: node8' is not supported/],
  ])("%s fails the job before its first step", async (_name, uses, message) => {
    const actions = await actionTree({
      "docker/action.yml": "runs: {using: docker, image: Dockerfile}",
      "empty/action.yml": node("  main: dist.js\n"),
      "old/action.yml": "runs: {using: node8, main: x.js}",
    });
    const result = await runSteps(`- run: echo first\n- uses: ${uses}`, { actions });
    expect(result.jobs["a"]?.annotations[0]?.message).toMatch(message);
    expect(result.jobs["a"]).toMatchObject({ result: "failure", steps: [] });
  });

  test("a local action before a checkout says what is missing", async () => {
    const result = await runSteps("- uses: ./tool");
    expect(result.jobs["a"]?.annotations[0]?.message).toContain(
      "Did you forget to run actions/checkout",
    );
  });
});

describe("composite actions", () => {
  test("inputs, outputs, nested actions, env, status and posts", async () => {
    const actions = await actionTree({
      "outer/action.yml": `inputs: {who: {default: nobody}}
outputs: {said: {value: '\${{ steps.say.outputs.text }} by \${{ steps.inner.outputs.who }}'}}
runs:
  using: composite
  steps:
    - {id: say, shell: bash, run: 'echo "text=$GREETING \${{ inputs.who }}" >> "$GITHUB_OUTPUT"; basename "$GITHUB_ACTION_PATH"; echo "[\${{ env.GREETING }}]" "[$INPUT_WHO]"'}
    - {id: inner, uses: $/inner, with: {who: '\${{ inputs.who }}!'}}
    - {id: bad, shell: bash, run: exit 1, continue-on-error: true}
    - {shell: bash, run: 'echo \${{ steps.bad.outcome }} \${{ steps.bad.conclusion }}'}
    - {shell: bash, run: echo skipped, if: failure()}
    - {shell: bash, run: exit 1}
    - {shell: bash, run: 'echo after failure', if: failure()}
`,
      "inner/action.yml": node("  main: m.js\n  post: p.js\ninputs: {who: {}}\n"),
      "inner/m.js":
        "require('node:fs').appendFileSync(process.env.GITHUB_OUTPUT, `who=${process.env.INPUT_WHO}\\n`); require('node:fs').appendFileSync(process.env.GITHUB_ENV, 'LEFT=behind\\n')",
      "inner/p.js": "console.log('inner post', process.env.INPUT_WHO)",
    });
    const result = await runSteps(
      '- {id: o, uses: org/tools/outer@v1, with: {who: Ana}, env: {GREETING: hello}}\n- if: always()\n  run: echo "${{ steps.o.outputs.said }} $LEFT [$GREETING]"',
      { actions },
    );
    const lines = printed(result).filter(
      (line) => !/^##\[(group|endgroup)|^(shell|env|with):|^ {2}|^(exit|echo) /.test(line),
    );
    expect(lines).toEqual([
      "outer",
      "[hello] []",
      "##[error]Process completed with exit code 1.",
      "failure success",
      "##[error]Process completed with exit code 1.",
      "after failure",
      "hello Ana by Ana! behind []",
      "inner post Ana!",
    ]);
    expect(result.jobs["a"]?.steps.map((step) => [step.name, step.outcome])).toEqual([
      ["Run org/tools/outer@v1", "failure"],
      ['Run echo "hello Ana by Ana! $LEFT [$GREETING]"', "success"],
      ["Post Run org/tools/outer@v1", "success"],
    ]);
  });

  test("secrets are not there, shell is required, depth is limited", async () => {
    const actions = await actionTree({
      "secret/action.yml":
        "runs: {using: composite, steps: [{shell: bash, run: 'echo ${{ secrets.X }}'}]}",
      "bare/action.yml": "runs: {using: composite, steps: [{run: echo x}]}",
      "self/action.yml": "runs: {using: composite, steps: [{uses: $/self}]}",
    });
    for (const [name, message] of [
      ["secret", /secrets/],
      ["bare", /Required property is missing: shell/],
      ["self", /nested more than 10 deep/],
    ] as const) {
      const result = await runSteps(`- uses: org/tools/${name}@v1`, { actions });
      expect(result.jobs["a"]?.annotations[0]?.message).toMatch(message);
      expect(result.jobs["a"]?.result).toBe("failure");
    }
  });
});

describe("what steps say and write", () => {
  test("variables, paths, outputs; also when the step fails", async () => {
    const result = await runSteps(`
- id: one
  continue-on-error: true
  run: |
    mkdir bin && printf '#!/bin/sh\\necho found\\n' > bin/mytool && chmod +x bin/mytool
    echo "$PWD/bin" >> "$GITHUB_PATH"
    echo "A=1" >> "$GITHUB_ENV"
    printf 'B<<E\\nx\\ny\\nE\\n' >> "$GITHUB_ENV"
    echo "out=kept" >> "$GITHUB_OUTPUT"
    exit 1
- run: |
    mytool
    echo "$A \${{ env.A }} $B \${{ steps.one.outputs.out }}"
    test -s "$GITHUB_ENV" || echo fresh`);
    expect(printed(result).slice(-4)).toEqual(["found", "1 1 x", "y kept", "fresh"]);
  });

  test("annotations, at most ten of a level in a step, 4096 characters each", async () => {
    const result = await runSteps(`
- run: |
    echo '::error file=a.ts,line=3,title=Bad::it broke'
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "::warning::w$i"; done
    echo "::notice::$(head -c 5000 /dev/zero | tr '\\0' 'x')"`);
    const all = result.jobs["a"]?.annotations ?? [];
    expect(all[0]).toEqual({
      level: "error",
      message: "it broke",
      file: "a.ts",
      line: 3,
      title: "Bad",
      step: expect.any(String),
    });
    expect(all.filter((annotation) => annotation.level === "warning")).toHaveLength(10);
    expect(all.find((annotation) => annotation.level === "notice")?.message).toHaveLength(4096);
    expect(result.conclusion).toBe("success");
    expect(printed(result)).toContain("##[warning]w12");
  });

  test("add-mask, groups, stop-commands, echo and refused commands", async () => {
    const result = await runSteps(`
- run: |
    echo "::add-mask::$(printf 'one%%0Atwo words')"
    echo "it is one or two words"
    echo "::add-mask::"
    echo "::group::Title"
    echo "::endgroup::"
    echo "::debug::hidden"
    echo "::stop-commands::tok3n-x"
    echo "::error::not read"
    echo "::TOK3N-X::"
    echo "::set-output name=old::works"
    echo "::unknown::said"
- {run: 'echo "::set-env name=A::1"', continue-on-error: true}
- {run: 'echo "::stop-commands::pause-logging"', continue-on-error: true}`);
    const lines = printed(result);
    expect(lines).toContain("it is *** or ***");
    expect(lines).toContain("##[group]Title");
    expect(lines).toContain("::error::not read");
    expect(lines).toContain("::unknown::said");
    expect(lines.join("\n")).not.toContain("hidden");
    expect(lines.join("\n")).not.toContain("tok3n-x");
    expect(result.jobs["a"]?.steps[0]?.outputs).toEqual({ old: "works" });
    expect(result.jobs["a"]?.steps.map((step) => step.outcome)).toEqual([
      "success",
      "failure",
      "failure",
    ]);
    const messages = result.jobs["a"]?.annotations
      .map((annotation) => annotation.message)
      .join("\n");
    expect(messages).toContain("Can't add secret mask for empty string");
    expect(messages).toContain("The `set-output` command is deprecated");
    expect(messages).toContain("The `set-env` command is disabled");
    expect(messages).toContain("You cannot use a endToken");
  });

  test("secrets and the token are hidden in logs, headers, names and step outputs' uses", async () => {
    const result = await runSteps(
      `
- name: Use \${{ secrets.K }}
  run: |
    echo "$K" | base64 -w0
    echo "curl -H x-\${{ secrets.K }} \${{ github.token }}"
  env: {K: '\${{ secrets.K }}'}`,
      { secrets: { K: "s3cret-value" } },
    );
    expect(result.log).not.toContain("s3cret-value");
    expect(result.log).not.toContain("token-of-a");
    expect(result.log).not.toContain("czNjcmV0LXZhbH");
    expect(result.jobs["a"]?.steps[0]?.name).toBe("Use ***");
  });

  test("hashFiles", async () => {
    const result = await runSteps(
      "- run: echo a > x.lock\n- run: echo \"${{ hashFiles('*.lock') }} [${{ hashFiles('*.none') }}]\"",
    );
    expect(printed(result)[0]).toMatch(/^[0-9a-f]{64} \[\]$/);
  });
});
