import type { RunRow } from "./row.ts";

const env = "docs contexts#env-context";
const variables = "docs variables#default-environment-variables";
const stepsContext = "docs contexts#steps-context";

/** sha256 of the sha256 of "a". */
const hashOfA = "bf5d3affb73efd2ec6c36ad3112dd933efed63c4e1cbffcfa88e2759c144f2d8";

const environment: RunRow[] = [
  {
    name: "env: the step's over the job's over the workflow's",
    from: env,
    workflow: `on: push
env: {A: workflow, B: workflow, C: workflow}
jobs:
  a:
    runs-on: x
    env: {B: job, C: job}
    steps:
      - {run: 'echo "$A $B $C \${{ env.A }} \${{ env.C }}"', env: {C: step}}
      - run: echo "$C"
`,
    is: { prints: ["workflow job step workflow step", "job"] },
  },
  {
    name: "GITHUB_ENV: over the job's, under the step's, from the next step on",
    from: "docs workflow-commands#setting-an-environment-variable",
    jobs: `a:
  runs-on: x
  env: {A: job}
  steps:
    - run: echo "A=file" >> "$GITHUB_ENV"; echo "$A"
    - run: echo "$A \${{ env.A }}"
    - {run: 'echo "$A"', env: {A: step}}
    - run: echo "$A"`,
    is: { prints: ["job", "file file", "step", "file"] },
  },
  {
    name: "env: values do not see each other",
    from: "docs workflow-syntax#env",
    steps: `- {run: 'echo "[$B]"', env: {A: '1', B: 'x\${{ env.A }}'}}`,
    is: { prints: ["[x]"] },
  },
  {
    name: "env: numbers, booleans and nothing as text",
    from: "vectors workflow-parser/coercion-to-string.yml",
    steps: `- {run: 'echo "$N $B $H [$Z]"', env: {N: 1.50, B: true, H: 0x1F, Z: null}}`,
    is: { prints: ["1.5 true 31 []"] },
  },
  {
    name: "env: a whole mapping from an expression",
    from: "runner WorkflowTemplateConverter.cs",
    jobs: `a:
  runs-on: x
  env: "\${{ fromJSON('{\\"A\\": 1}') }}"
  steps: [{run: 'echo "$A $B"', env: "\${{ fromJSON('{\\"B\\": true}') }}"}]`,
    is: { prints: ["1 true"] },
  },
  {
    name: "env: names are told apart by case, in the context too",
    from: "runner StepsRunner.cs",
    jobs: `a:
  runs-on: x
  env: {A: big}
  steps: [{run: 'echo "$A $a \${{ env.A }} \${{ env.a }} \${{ join(env.*) }} [\${{ env.b }}]"', env: {a: small, B: other}}]`,
    is: { prints: ["big small big small big,small,other []"] },
  },
  {
    name: "GITHUB_ and RUNNER_ variables cannot be set",
    from: variables,
    steps: `
- run: echo "GITHUB_SHA=file" >> "$GITHUB_ENV"
- {run: 'echo "$GITHUB_SHA $GITHUB_REF_NAME $RUNNER_OS $GITHUB_ACTIONS"', env: {GITHUB_REF_NAME: x, RUNNER_OS: x, GITHUB_ACTIONS: x}}`,
    is: { prints: ["0123456789012345678901234567890123456789 main Linux true"] },
  },
  {
    name: "CI can be set",
    from: "runner ProcessInvoker.cs",
    steps: `- {run: 'echo "$CI"', env: {CI: 'false'}}\n- run: echo "$CI"`,
    is: { prints: ["false", "true"] },
  },
  {
    name: "default variables are not in env",
    from: variables,
    steps: `- run: 'echo "[\${{ env.GITHUB_SHA }}\${{ env.CI }}] $CI"'`,
    is: { prints: ["[] true"] },
  },
  {
    name: "a secret that is not there is empty, and decides by way of env",
    from: "docs workflow-syntax#example-using-secrets",
    jobs: `a:
  runs-on: x
  env: {ONE: '\${{ secrets.ONE }}', TWO: '\${{ secrets.TWO }}'}
  steps:
    - {run: echo one, if: env.ONE != ''}
    - {run: echo two, if: env.TWO != ''}`,
    given: { secrets: { ONE: "s3cret-value" } },
    is: { prints: ["one", "Skipped: its condition does not hold."] },
  },
  {
    name: "vars: of the repository, empty where there is none",
    from: "docs contexts#vars-context",
    steps: `- run: 'echo "\${{ vars.PLACE }} [\${{ vars.NONE }}]"'`,
    given: { vars: { PLACE: "here" } },
    is: { prints: ["here []"] },
  },
];

const shells: RunRow[] = [
  {
    name: "without shell: a command that fails ends the script, a pipe only by its last",
    from: "docs workflow-syntax#exit-codes-and-error-action-preference",
    steps: `
- {run: "false | true\\necho on\\nfalse\\necho never", continue-on-error: true}
- {run: "false | true\\necho never", shell: bash, continue-on-error: true}
- {run: "false\\necho on", shell: 'bash {0}'}
- {run: 'echo "$0" | grep -c bash || true', shell: sh}`,
    is: {
      outcomes: ["failure", "failure", "success", "success"],
      prints: [
        "on",
        "##[error]Process completed with exit code 1.",
        "##[error]Process completed with exit code 1.",
        "on",
        "0",
      ],
    },
  },
  {
    name: "shell: python",
    from: "docs workflow-syntax#jobsjob_idstepsshell",
    steps: `- {run: "import os\\nprint(os.environ['A'])", shell: python, env: {A: snake}}`,
    is: { prints: ["snake"] },
  },
  {
    name: "defaults: the job's over the workflow's, key by key, the step's over both",
    from: "docs workflow-syntax#jobsjob_iddefaultsrun",
    workflow: `on: push
defaults: {run: {shell: 'bash -u {0}', working-directory: up}}
jobs:
  a:
    runs-on: x
    defaults: {run: {working-directory: down}}
    steps:
      - {run: mkdir up down deep, working-directory: .}
      - run: basename "$PWD"; echo "$-" | tr -cd u; echo
      - {run: basename "$PWD", working-directory: '\${{ env.D }}', env: {D: deep}}
`,
    is: { prints: ["down", "u", "deep"] },
  },
  {
    name: "a script keeps its lines, expressions and all",
    from: "vectors workflow-parser/step-run.yml",
    steps: `
- run: |
    cat <<'EOF'
      two \${{ 'blanks' }}
    {"a": "\${{ 1 }}"}
    EOF
- run: >
    echo
    folded`,
    is: { prints: ["  two blanks", '{"a": "1"}', "folded"] },
  },
];

const contexts: RunRow[] = [
  {
    name: "steps: outcome before continue-on-error, conclusion after",
    from: stepsContext,
    steps: `
- {id: one, run: exit 3, continue-on-error: true}
- {id: two, run: echo no, if: false}
- run: |
    echo "\${{ steps.one.outcome }} \${{ steps.one.conclusion }} \${{ job.status }}"
    echo "\${{ steps.two.outcome }} \${{ steps.two.conclusion }}"`,
    is: {
      conclusion: "success",
      prints: [
        "##[error]Process completed with exit code 3.",
        "Skipped: its condition does not hold.",
        "failure success success",
        "skipped skipped",
      ],
    },
  },
  {
    name: "continue-on-error: from an expression",
    from: "docs expressions#example-returning-a-json-data-type",
    steps: `- {run: exit 1, env: {ON: 'true'}, continue-on-error: '\${{ fromJSON(env.ON) }}'}`,
    is: { conclusion: "success", outcomes: ["failure"] },
  },
  {
    name: "steps: one that comes later, or has no such output, is empty",
    from: stepsContext,
    steps: `
- {id: one, run: 'echo "[\${{ steps.two.outcome }}\${{ steps.one.outcome }}\${{ steps.none.outputs.x }}]"'}
- {id: two, run: 'echo "[\${{ steps.one.outputs.x }}]"'}`,
    is: { prints: ["[]", "[]"] },
  },
  {
    name: "outputs: names whatever their case, several lines, the last one of a name",
    from: "docs workflow-commands#setting-an-output-parameter",
    steps: `
- id: one
  run: |
    printf 'Color=red\\ncolor2=a\\ncolor2=b\\nlines<<E\\nx\\ny\\nE\\n' >> "$GITHUB_OUTPUT"
- run: echo "\${{ steps.ONE.outputs.COLOR }} \${{ steps.one.outputs.color2 }}"
- {run: 'echo "$L"', env: {L: '\${{ steps.one.outputs.lines }}'}}`,
    is: { prints: ["red b", "x", "y"] },
  },
  {
    name: "outputs of a step that fails are kept",
    from: "runner ActionRunner.cs",
    steps: `
- {id: one, run: 'echo "x=kept" >> "$GITHUB_OUTPUT"; exit 1'}
- {run: 'echo "\${{ steps.one.outputs.x }} \${{ job.status }}"', if: failure()}`,
    is: { prints: ["##[error]Process completed with exit code 1.", "kept failure"] },
  },
  {
    name: "an if that cannot be evaluated fails its step",
    from: "runner StepsRunner.cs",
    steps: `
- {run: echo no, if: "fromJSON('{') == 1"}
- {run: echo after, if: failure()}`,
    is: { outcomes: ["failure", "success"], says: [/JSON/] },
  },
  {
    name: "if sees the step's own env",
    from: "docs contexts#context-availability",
    steps: `- {run: echo yes, if: env.LOCAL == 'yes', env: {LOCAL: 'yes'}}`,
    is: { outcomes: ["success"] },
  },
  {
    name: "hashFiles: a hash of hashes, empty where nothing matches",
    from: "docs expressions#hashfiles",
    steps: `
- run: printf a > x.lock
- run: echo "\${{ hashFiles('*.lock') }}"
- run: echo "[\${{ hashFiles('*.none') }}]"`,
    is: { prints: [hashOfA, "[]"] },
  },
  {
    name: "hashFiles: several patterns in order, folders, hidden files, nothing outside",
    from: "runner hashFiles.ts",
    steps: `
- run: mkdir -p lib/foo .hid; for f in lib/a.rb lib/foo/b.rb .hid/a.lock; do printf $f > $f; done; printf out > ../out.lock
- run: |
    echo "\${{ hashFiles('lib') == hashFiles('lib/**', 'lib/foo/*.rb') }}"
    echo "\${{ hashFiles('**/*.rb', '!lib/foo/*.rb') == hashFiles('lib/a.rb') }}"
    echo "\${{ hashFiles('!lib/a.rb', 'lib/*.rb') == hashFiles('lib/a.rb') }}"
    echo "\${{ hashFiles('**/*.lock') == hashFiles('.hid/a.lock') }} \${{ hashFiles('**/*.lock') != '' }}"
    echo "[\${{ hashFiles('../*.lock') }}\${{ hashFiles('lib/{a,b}.rb') }}]"`,
    is: { prints: ["true", "true", "true", "true true", "[]"] },
  },
  {
    name: "names: written, evaluated, or the first line of what runs",
    from: "docs workflow-syntax#jobsjob_idstepsrun",
    steps: `
- {name: 'Say \${{ github.actor }}', run: 'true'}
- run: |

    true \${{ github.ref_name }}
    true`,
    is: { steps: ["Say ana", "Run true main"] },
  },
  {
    name: "github.action: the id, or __run with a number",
    from: "docs contexts#github-context",
    steps: `
- run: echo "$GITHUB_ACTION"
- {id: own, run: 'echo "\${{ github.action }}"'}
- run: echo "$GITHUB_ACTION"`,
    is: { prints: ["__run", "own", "__run_2"] },
  },
  {
    name: "github: the run, its attempt and its actors",
    from: "docs contexts#github-context",
    steps: `- run: 'echo "\${{ github.run_id }} \${{ github.run_number }} \${{ github.run_attempt }} \${{ github.actor }} \${{ github.triggering_actor }} \${{ github.job }} \${{ github.workflow }}"'`,
    is: { prints: ["77 5 2 ana ben a .github/workflows/test.yml"] },
  },
  {
    name: "a boolean input of a dispatch has its type, in github.event it is a text",
    from: "docs contexts#inputs-context",
    workflow: `on: {workflow_dispatch: {inputs: {dry: {type: boolean}, count: {type: number, default: 4}, to: {}}}}
jobs: {a: {if: inputs.dry, runs-on: x, steps: [{run: 'echo "\${{ inputs.count == 4 }} \${{ github.event.inputs.dry == ''true'' }} [\${{ inputs.to }}]"'}]}}
`,
    given: {
      event: { name: "workflow_dispatch", payload: { inputs: { dry: "true", count: "4" } } },
    },
    is: { prints: ["true true []"] },
  },
  {
    name: "matrix of a job without one",
    from: "docs contexts#matrix-context",
    steps: `- run: 'echo "[\${{ matrix.os }}]"'`,
    is: { prints: ["[]"] },
  },
  {
    name: "a step over its minutes fails",
    from: "docs workflow-syntax#jobsjob_idstepstimeout-minutes",
    steps: `
- {run: exec sleep 20, timeout-minutes: "\${{ fromJSON('2') }}"}
- {run: echo after, if: failure()}`,
    given: { minute: 60 },
    is: { outcomes: ["failure", "success"], says: [/has timed out after 2 minutes/] },
  },
];

export const steps: RunRow[] = [...environment, ...shells, ...contexts];
