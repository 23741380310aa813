import type { RunRow } from "./row.ts";

const commands = "docs workflow-commands#example-of-a-workflow-command";
const mask = "docs workflow-commands#masking-a-value-in-a-log";
const summary = "docs workflow-commands#adding-a-job-summary";

/** What steps say to the runner: commands in the log, and files. */
export const messages: RunRow[] = [
  {
    name: "an error with its properties, and the step goes on",
    from: "docs workflow-commands#setting-an-error-message",
    steps: `- run: echo "::error file=app.js,line=1,title=A%2C B::Missing%0Asemicolon"`,
    is: {
      conclusion: "success",
      prints: ["##[error]Missing", "##[error]semicolon"],
      says: [/^error: Missing\nsemicolon$/],
    },
  },
  {
    name: "warnings and notices",
    from: "docs workflow-commands#setting-a-warning-message",
    steps: `- run: "echo ::warning::one; echo ::notice::two"`,
    is: { says: [/^warning: one$/, /^notice: two$/] },
  },
  {
    name: "commands on the error stream count too",
    from: "runner ScriptHandler.cs",
    steps: `- run: echo "::warning::from stderr" >&2`,
    is: { says: [/^warning: from stderr$/] },
  },
  {
    name: "debug is not shown, groups are",
    from: "docs workflow-commands#grouping-log-lines",
    steps: `- run: "echo ::debug::hidden; echo ::group::Title; echo in; echo ::endgroup::"`,
    is: { prints: ["##[group]Title", "in", "##[endgroup]"] },
  },
  {
    name: "add-mask hides a value and each of its lines from then on",
    from: mask,
    steps: `
- run: |
    echo "::add-mask::Mona The Octocat"
    echo "it is Mona The Octocat"
    echo "::add-mask::first line%0Asecond line"
- run: echo "now first line or second line"`,
    is: { prints: ["it is ***", "now *** or ***"] },
  },
  {
    name: "an empty mask is refused with a warning",
    from: "runner ActionCommandManager.cs",
    steps: `- run: "echo ::add-mask::"`,
    is: { conclusion: "success", says: [/^warning: Can't add secret mask for empty string/] },
  },
  {
    name: "a masked output is there for the steps of its job",
    from: "docs workflow-commands#example-masking-a-generated-output-within-a-single-job",
    steps: `
- {id: one, run: 'echo "::add-mask::n1nety"; echo "x=n1nety" >> "$GITHUB_OUTPUT"'}
- {run: 'test "$X" = n1nety && echo "it is $X"', env: {X: '\${{ steps.one.outputs.x }}'}}`,
    is: { prints: ["it is ***"] },
  },
  {
    name: "secrets are hidden, in base64 too, and the token is",
    from: "docs contexts#secrets-context",
    steps: `
- run: |
    printf "$K" | base64 -w0
    echo " $K \${{ github.token }} \${{ secrets.GITHUB_TOKEN }}"
  env: {K: '\${{ secrets.K }}'}`,
    given: { secrets: { K: "s3cret-value" } },
    is: { prints: ["*** *** *** ***"], hides: ["s3cret-value", "token-of-a"] },
  },
  {
    name: "stop-commands, until its token",
    from: "docs workflow-commands#stopping-and-starting-workflow-commands",
    steps: `
- run: |
    echo "::stop-commands::p4use-it"
    echo "::warning::not read"
    echo "::P4USE-IT::"
    echo "::warning::read again"`,
    is: {
      prints: [
        "::stop-commands::***",
        "::warning::not read",
        "::P4USE-IT::",
        "##[warning]read again",
      ],
      says: [/^warning: read again$/],
    },
  },
  {
    name: "commands in the old form count too",
    from: "runner ActionCommandManager.cs",
    steps: `
- {id: one, run: 'echo "a title ##[set-output name=x]old"; echo "##[add-mask]s3cret"; echo "s3cret ##[warning]odd"'}
- run: test "\${{ steps.one.outputs.x }}" = old; echo "::notice::s3cret"`,
    is: { says: [/^warning: odd$/, /^notice: \*\*\*$/], lacks: [/s3cret/] },
  },
  {
    name: "set-output still works, and is deprecated",
    from: "runner ActionCommandManager.cs",
    steps: `
- {id: one, run: 'echo "::set-output name=x::old"'}
- run: echo "\${{ steps.one.outputs.x }}"`,
    is: { says: [/^warning: The `set-output` command is deprecated/] },
  },
  {
    name: "set-env and add-path are disabled, and fail the step",
    from: "runner ActionCommandManager.cs",
    steps: `
- {run: 'echo "::set-env name=A::1"', continue-on-error: true}
- {run: 'echo "::add-path::/evil"', continue-on-error: true}
- run: echo "[$A]"`,
    is: {
      outcomes: ["failure", "failure", "success"],
      says: [/The `set-env` command is disabled/, /The `add-path` command is disabled/],
    },
  },
  {
    name: "a command's name and properties whatever their case",
    from: commands,
    steps: `- run: "echo '::WARNING FILE=a.ts,LINE=3::odd'"`,
    is: { says: [/^warning: odd$/] },
  },
  {
    name: "at most ten annotations of a kind in a step, all in the log",
    from: "runner ExecutionContext.cs",
    steps: `- run: for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "::warning::w$i"; done`,
    is: { says: [/^warning: w10$/], lacks: [/w11/] },
  },
  {
    name: "a line of GITHUB_OUTPUT that is neither pair nor block fails the step",
    from: "runner FileCommandManager.cs",
    steps: `
- {id: one, run: 'printf "a=1\\nnonsense\\n" >> "$GITHUB_OUTPUT"'}
- {run: 'echo "\${{ steps.one.outputs.a }}"', if: failure()}`,
    is: {
      outcomes: ["failure", "success"],
      says: [/Unable to process file command 'output' successfully/, /Invalid format 'nonsense'/],
    },
  },
  {
    name: "NODE_OPTIONS cannot be set by GITHUB_ENV, what stands beside it can",
    from: "docs workflow-commands#setting-an-environment-variable",
    steps: `
- run: printf 'NODE_OPTIONS=--inspect\\nGOOD=1\\n' >> "$GITHUB_ENV"
- run: echo "[$NODE_OPTIONS] $GOOD"`,
    is: { conclusion: "success", says: [/Can't store NODE_OPTIONS output parameter/] },
  },
  {
    name: "GITHUB_ENV takes several lines",
    from: "docs workflow-commands#multiline-strings",
    steps: `
- run: printf 'J<<EOF\\none\\ntwo\\nEOF\\n' >> "$GITHUB_ENV"
- run: echo "$J"`,
    is: { prints: ["one", "two"] },
  },
  {
    name: "GITHUB_PATH: the last one is looked at first, from the next step on",
    from: "docs workflow-commands#adding-a-system-path",
    steps: `
- run: |
    for d in one two; do mkdir $d; printf "#!/bin/sh\\necho $d\\n" > $d/tool; chmod +x $d/tool; done
    echo "$PWD/one" >> "$GITHUB_PATH"
    echo "$PWD/two" >> "$GITHUB_PATH"
    command -v tool || echo none
- run: tool; echo "$PWD/one" >> "$GITHUB_PATH"
- run: tool`,
    is: { prints: ["none", "two", "one"] },
  },
  {
    name: "each step has files of its own",
    from: "docs workflow-commands#environment-files",
    steps: `
- run: echo "A=1" >> "$GITHUB_ENV"
- run: test -s "$GITHUB_ENV" || echo fresh`,
    is: { prints: ["fresh"] },
  },
  {
    name: "summaries: gathered, overwritten, removed, masked",
    from: summary,
    steps: `
- run: echo "one" >> "$GITHUB_STEP_SUMMARY"
- run: echo "gone" >> "$GITHUB_STEP_SUMMARY"; echo "two" > "$GITHUB_STEP_SUMMARY"
- run: echo "gone" >> "$GITHUB_STEP_SUMMARY"; rm "$GITHUB_STEP_SUMMARY"
- {run: 'echo "three $K" >> "$GITHUB_STEP_SUMMARY"', env: {K: '\${{ secrets.K }}'}}`,
    given: { secrets: { K: "s3cret-value" } },
    is: { summary: "one\n\ntwo\n\nthree ***\n" },
  },
  {
    name: "a summary over 1 MiB is dropped with an error, and fails nothing",
    from: "docs workflow-commands#step-isolation-and-limits",
    steps: `
- run: head -c 1048577 /dev/zero | tr '\\0' 'x' >> "$GITHUB_STEP_SUMMARY"
- run: echo "small" >> "$GITHUB_STEP_SUMMARY"`,
    is: { conclusion: "success", summary: "small\n", says: [/STEP_SUMMARY upload aborted/] },
  },
];
