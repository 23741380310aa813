import type { RunRow } from "./row.ts";

const inputs = "docs metadata-syntax#inputs";
const composite = "docs metadata-syntax#runs-for-composite-actions";
const node = (rest: string): string => `name: Tool\nruns: {using: node24, ${rest}}\n`;
const says = (text: string): string => `console.log(${text});\n`;
const write = (file: string, line: string): string =>
  `require("node:fs").appendFileSync(process.env.${file}, ${JSON.stringify(`${line}\n`)});\n`;
/** A composite action of these steps. */
const of = (steps: string, rest = ""): Record<string, string> => ({
  "action.yml": `${rest}runs:\n  using: composite\n  steps:\n${steps.replace(/^\n/, "").replaceAll(/^/gm, "    ")}\n`,
});

const programs: RunRow[] = [
  {
    name: "inputs: INPUT_ and the name in capitals, blanks to _, dashes stay",
    from: inputs,
    actions: {
      "action.yml": `${node("main: m.js")}inputs: {my input: {}, num-octocats: {default: '1'}, empty: {}}\n`,
      "m.js": says(
        "process.env['INPUT_MY_INPUT'], process.env['INPUT_NUM-OCTOCATS'], `[${process.env.INPUT_EMPTY}]`",
      ),
    },
    steps: "- {uses: org/tools@v1, with: {My Input: '${{ 1 == 1 }}'}}",
    is: { prints: ["true 1 []"] },
  },
  {
    name: "inputs: required is not enforced, an unknown one and a deprecated one are warned of",
    from: inputs,
    actions: {
      "action.yml": `${node("main: m.js")}inputs: {must: {required: true}, old: {deprecationMessage: use new}}\n`,
      "m.js": says("`[${process.env.INPUT_MUST}]`, process.env.INPUT_NOPE"),
    },
    steps: "- {uses: org/tools@v1, with: {nope: n, old: x}}",
    is: {
      conclusion: "success",
      says: [/^warning: Unexpected input\(s\) 'nope'/, /^warning: Input 'old' has been deprecated/],
    },
  },
  {
    name: "inputs: defaults see github and runner, with sees env and steps",
    from: "docs contexts#context-availability",
    actions: {
      "action.yml": `${node("main: m.js")}inputs: {where: {default: '\${{ github.repository }} on \${{ runner.os }}'}, what: {}}\n`,
      "m.js": says("process.env.INPUT_WHERE, process.env.INPUT_WHAT"),
    },
    steps: `
- {id: s, run: 'echo "v=made" >> "$GITHUB_OUTPUT"'}
- {uses: org/tools@v1, with: {what: '\${{ env.A }} \${{ steps.s.outputs.v }}'}, env: {A: here}}`,
    is: { prints: ["example/shop on Linux here made"] },
  },
  {
    name: "outputs need no declaration",
    from: "docs metadata-syntax#outputs-for-docker-container-and-javascript-actions",
    actions: { "action.yml": node("main: m.js"), "m.js": write("GITHUB_OUTPUT", "sum=3") },
    steps: `- {id: t, uses: org/tools@v1}\n- run: echo "\${{ steps.t.outputs.sum }}"`,
    is: { prints: ["3"] },
  },
  {
    name: "pre of all, then main, then post backwards, each with its own state",
    from: "docs workflow-commands#sending-values-to-the-pre-and-post-actions",
    actions: {
      "action.yml": `${node("pre: pre.js, main: main.js, post: post.js")}inputs: {n: {}}\n`,
      "pre.js": `${says("'pre', process.env.INPUT_N")}require("node:fs").appendFileSync(process.env.GITHUB_STATE, "of=" + process.env.INPUT_N + "\\n");\n`,
      "main.js": says("'main', process.env.STATE_of"),
      "post.js": says("'post', process.env.STATE_of"),
    },
    steps: `- {uses: org/tools@v1, with: {n: one}}\n- {uses: org/tools@v1, with: {n: two}}\n- run: echo between`,
    is: {
      prints: ["pre one", "pre two", "main one", "main two", "between", "post two", "post one"],
    },
  },
  {
    name: "post runs after a failure, unless its post-if does not hold",
    from: "docs metadata-syntax#runspost-if",
    actions: {
      "one/action.yml": node("main: ../m.js, post: ../p.js"),
      "two/action.yml": node("main: ../m.js, post: ../p.js, post-if: success()"),
      "m.js": "",
      "p.js": says("'post'"),
    },
    steps: "- uses: org/tools/one@v1\n- uses: org/tools/two@v1\n- run: exit 1",
    is: { outcomes: ["success", "success", "failure", "skipped", "success"] },
  },
  {
    name: "GITHUB_ACTION: owner and repository, with a number, the same in post",
    from: "vectors workflow-parser/step-id-generates-when-empty-and-considers-collisions.yml",
    actions: {
      "sub/action.yml": node("main: m.js, post: m.js"),
      "sub/m.js": says("process.env.GITHUB_ACTION"),
    },
    steps: "- uses: org/tools/sub@v1\n- uses: org/tools/sub@v2",
    is: { prints: ["__org_tools", "__org_tools_2", "__org_tools_2", "__org_tools"] },
  },
  {
    name: "a step by its alias is a step of its own",
    from: "docs reusing-workflow-configurations#yaml-anchors-and-aliases",
    actions: {
      "action.yml": node("main: m.js, post: p.js"),
      "m.js": "",
      "p.js": says("'post'"),
    },
    steps: "- &tool {uses: org/tools@v1}\n- *tool",
    is: { prints: ["post", "post"], outcomes: ["success", "success", "success", "success"] },
  },
  {
    name: "an action that was skipped has no post",
    from: "runner ActionRunner.cs",
    actions: { "action.yml": node("main: m.js, post: m.js"), "m.js": "" },
    steps: "- {uses: org/tools@v1, if: false}",
    is: { outcomes: ["skipped"] },
  },
  {
    name: "a post that fails fails the job",
    from: "runner StepsRunner.cs",
    actions: {
      "action.yml": node("main: m.js, post: p.js"),
      "m.js": "",
      "p.js": "process.exit(2);\n",
    },
    steps: "- uses: org/tools@v1",
    is: { conclusion: "failure", outcomes: ["success", "failure"] },
  },
];

const composites: RunRow[] = [
  {
    name: "composite: inputs in inputs, not in the environment; outputs that it declares",
    from: composite,
    actions: of(
      `
- {id: say, shell: bash, run: 'echo "\${{ inputs.who }} [$INPUT_WHO]"; echo "text=hi" >> "$GITHUB_OUTPUT"; echo "other=x" >> "$GITHUB_OUTPUT"'}`,
      "inputs: {who: {default: nobody}}\noutputs: {said: {value: '${{ steps.say.outputs.text }} ${{ inputs.who }}'}}\n",
    ),
    steps: `- {id: o, uses: org/tools@v1, with: {who: Ana}}\n- run: echo "\${{ steps.o.outputs.said }} [\${{ steps.o.outputs.other }}\${{ steps.say.outcome }}]"`,
    is: { prints: ["Ana []", "hi Ana []"] },
  },
  {
    name: "composite: steps are its own",
    from: "docs contexts#steps-context",
    actions: of("- {shell: bash, run: 'echo \"[${{ steps.outer.outcome }}]\"'}"),
    steps: `- {id: outer, run: 'true'}\n- uses: org/tools@v1`,
    is: { prints: ["[]"] },
  },
  {
    name: "composite: env of the step that uses it, and of its own steps",
    from: "runner CompositeActionHandler.cs",
    actions: of(`
- {shell: bash, run: 'echo "$A $B \${{ env.A }}"; echo "LEFT=behind" >> "$GITHUB_ENV"', env: {B: inner}}
- {shell: bash, run: 'echo "$A [$B] $LEFT"'}`),
    steps: `- {uses: org/tools@v1, env: {A: outer}}\n- run: echo "[$A] $LEFT"`,
    is: { prints: ["outer inner outer", "outer [] behind", "[] behind"] },
  },
  {
    name: "composite: the job's defaults are not for it",
    from: "runner ScriptHandler.cs",
    actions: of(`- {shell: bash, run: 'basename "$PWD"'}`),
    jobs: `a:
  runs-on: x
  defaults: {run: {working-directory: sub}}
  steps:
    - {run: mkdir sub, working-directory: .}
    - uses: org/tools@v1
    - run: basename "$PWD"`,
    is: { prints: ["shop", "sub"] },
  },
  {
    name: "composite: status functions ask for its own steps",
    from: "runner SuccessFunction.cs",
    actions: of(`
- {shell: bash, run: echo starts after a failure}
- {shell: bash, run: exit 1}
- {shell: bash, run: echo never}
- {shell: bash, run: echo failed, if: failure()}`),
    steps: `- run: exit 1\n- {uses: org/tools@v1, if: failure()}`,
    is: {
      prints: [
        "##[error]Process completed with exit code 1.",
        "starts after a failure",
        "##[error]Process completed with exit code 1.",
        "failed",
      ],
    },
  },
  {
    name: "composite: continue-on-error inside",
    from: "docs metadata-syntax#runsstepscontinue-on-error",
    actions: of(`
- {id: bad, shell: bash, run: exit 1, continue-on-error: true}
- {shell: bash, run: 'echo "\${{ steps.bad.outcome }} \${{ steps.bad.conclusion }}"'}`),
    steps: "- uses: org/tools@v1",
    is: {
      conclusion: "success",
      prints: ["##[error]Process completed with exit code 1.", "failure success"],
    },
  },
  {
    name: "composite: github.action_status is that of its own steps",
    from: "docs contexts#github-context",
    actions: of(`
- {shell: bash, run: 'echo "\${{ github.action_status }}"'}
- {shell: bash, run: exit 1}
- {shell: bash, run: 'echo "\${{ github.action_status }} \${{ job.status }}"', if: always()}`),
    steps: "- uses: org/tools@v1",
    is: {
      prints: ["success", "##[error]Process completed with exit code 1.", "failure success"],
    },
  },
  {
    name: "composite: github.action is the step that uses it, a script has no repository",
    from: "runner CompositeActionHandler.cs",
    actions: {
      ...of(`
- {id: in, shell: bash, run: 'echo "$GITHUB_ACTION [$GITHUB_ACTION_REPOSITORY]"'}
- {uses: $/inner}`),
      "inner/action.yml": node("main: m.js"),
      "inner/m.js": says("process.env.GITHUB_ACTION, process.env.GITHUB_ACTION_REPOSITORY"),
    },
    steps: "- {id: out, uses: org/tools@v1}",
    is: { prints: ["out []", "out org/tools"] },
  },
  {
    name: "composite: its folder",
    from: "docs metadata-syntax#runsstepsrun",
    actions: {
      ...of(
        '- {shell: bash, run: "cat ${{ github.action_path }}/text; cat $GITHUB_ACTION_PATH/text"}',
      ),
      text: "beside it\n",
    },
    steps: "- uses: org/tools@v1",
    is: { prints: ["beside it", "beside it"] },
  },
  {
    name: "composite: an action of its own repository, and its post",
    from: "docs metadata-syntax#runsstepsuses",
    actions: {
      ...of("- {uses: $/inner, with: {who: '${{ inputs.who }}!'}}", "inputs: {who: {}}\n"),
      "inner/action.yml": `${node("main: m.js, post: p.js")}inputs: {who: {}}\n`,
      "inner/m.js": says("'main', process.env.INPUT_WHO"),
      "inner/p.js": says("'post', process.env.INPUT_WHO"),
    },
    steps: "- {uses: org/tools@v1, with: {who: Ana}}\n- run: echo between",
    is: {
      prints: ["main Ana!", "between", "post Ana!"],
    },
  },
  {
    name: "composite: no secrets",
    from: "docs contexts#secrets-context",
    actions: of("- {shell: bash, run: 'echo ${{ secrets.X }}'}"),
    steps: "- uses: org/tools@v1",
    is: { conclusion: "failure", says: [/secrets/] },
  },
  {
    name: "composite: a script needs its shell",
    from: "docs metadata-syntax#runsstepsshell",
    actions: of("- run: echo x"),
    steps: "- uses: org/tools@v1",
    is: { conclusion: "failure", says: [/Required property is missing: shell/] },
  },
];

export const actions: RunRow[] = [...programs, ...composites];
