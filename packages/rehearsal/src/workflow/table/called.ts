import type { RunRow } from "./row.ts";

const reuse = "docs reusing-workflow-configurations#limitations-of-reusable-workflows";
const inputs = "docs workflow-syntax#onworkflow_callinputs";
const secrets = "docs workflow-syntax#jobsjob_idsecrets";
const keys = { secrets: { KEY: "abc123x", OTHER: "other-secret" } };

/** A workflow with one job that prints. */
const prints = (on: string, text: string, rest = ""): string =>
  `on: ${on}\n${rest}jobs: {make: {runs-on: x, steps: [{run: 'echo "${text.replaceAll("'", "''")}"'}]}}\n`;
const call = "a: {uses: ./.github/workflows/w.yml}";

export const called: RunRow[] = [
  {
    name: "called: inputs with their types, defaults, and empty ones",
    from: inputs,
    jobs: "a: {uses: ./.github/workflows/w.yml, with: {name: shop, fast: true}}",
    calls: {
      "w.yml": prints(
        "{workflow_call: {inputs: {name: {type: string, required: true}, fast: {type: boolean}, slow: {type: boolean}, n: {type: number}, m: {type: number, default: 4}, s: {type: string}}}}",
        "${{ inputs.name }} ${{ inputs.fast == true }} ${{ inputs.slow }} ${{ inputs.n }} ${{ inputs.m == 4 }} [${{ inputs.s }}] [$INPUT_NAME]",
      ),
    },
    is: { prints: { "a / make": ["shop true false 0 true [] []"] } },
  },
  {
    name: "called: a text takes numbers, booleans and nothing",
    from: "vectors workflow-parser/reusable-workflow-job-inputs-type-coercion.yml",
    jobs: "a: {uses: ./.github/workflows/w.yml, with: {N: 456, b: true, z: null}}",
    calls: {
      "w.yml": prints(
        "{workflow_call: {inputs: {n: {type: string}, b: {type: string}, z: {type: string, default: d}}}}",
        "${{ inputs.n }} ${{ inputs.b == 'true' }} [${{ inputs.z }}]",
      ),
    },
    is: { prints: { "a / make": ["456 true []"] } },
  },
  {
    name: "called: a default from an expression",
    from: "docs contexts#context-availability",
    jobs: call,
    calls: {
      "w.yml": prints(
        "{workflow_call: {inputs: {to: {type: string, default: '${{ github.ref_name }}-${{ vars.V }}'}}}}",
        "${{ inputs.to }}",
      ),
    },
    given: { vars: { V: "v" } },
    is: { prints: { "a / make": ["main-v"] } },
  },
  {
    name: "called: the caller's env does not reach it, nor its env the caller",
    from: reuse,
    workflow: `on: push
env: {A: caller}
jobs:
  one: {uses: ./.github/workflows/w.yml}
  a: {needs: one, runs-on: x, steps: [{run: 'echo "$A [$B]"'}]}
`,
    calls: { "w.yml": prints("workflow_call", "[$A${{ env.A }}] $B", "env: {B: called}\n") },
    is: { prints: { "one / make": ["[] called"], a: ["caller []"] } },
  },
  {
    name: "called: github is the caller's, the job its own",
    from: "docs reusing-workflow-configurations#github-context",
    workflow: `name: Caller\non: push\njobs: {a: {uses: ./.github/workflows/w.yml}}\n`,
    calls: {
      "w.yml": prints(
        "workflow_call",
        "$GITHUB_WORKFLOW ${{ github.event_name }} ${{ github.actor }} $GITHUB_JOB ${{ github.workflow_ref }}",
        "name: Called\n",
      ),
    },
    is: {
      prints: {
        "a / make": [
          "Caller push ana make example/shop/.github/workflows/test.yml@refs/heads/main",
        ],
      },
    },
  },
  {
    name: "called: outputs go from step to job to workflow to the caller's needs",
    from: "docs workflow-syntax#onworkflow_calloutputs",
    jobs: `one: {uses: ./.github/workflows/w.yml}
a: {needs: one, runs-on: x, steps: [{run: 'echo "\${{ needs.one.outputs.made }} \${{ needs.one.outputs.how }} \${{ needs.one.result }}"'}]}`,
    calls: {
      "w.yml": `on: {workflow_call: {outputs: {made: {value: '\${{ jobs.make.outputs.m }}'}, how: {value: '\${{ jobs.make.result }}'}}}}
jobs: {make: {runs-on: x, outputs: {m: '\${{ steps.s.outputs.v }}'}, steps: [{id: s, run: 'echo "v=1" >> "$GITHUB_OUTPUT"'}]}}
`,
    },
    is: { prints: ["1 success success"] },
  },
  {
    name: "called: a failure inside fails the calling job",
    from: "docs contexts#jobs-context",
    jobs: `one: {uses: ./.github/workflows/w.yml}
a: {needs: one, if: failure(), runs-on: x, steps: [{run: 'echo "\${{ needs.one.result }}"'}]}`,
    calls: { "w.yml": "on: workflow_call\njobs: {make: {runs-on: x, steps: [{run: exit 1}]}}\n" },
    is: { jobs: { "one / make": "failure", a: "success" }, prints: ["failure"] },
  },
  {
    name: "called: the calling job's if and matrix",
    from: "docs reusing-workflow-configurations#supported-keywords-for-jobs-that-call-a-reusable-workflow",
    jobs: `one: {if: false, uses: ./.github/workflows/w.yml, with: {v: x}}
a: {strategy: {matrix: {v: [v1, v2]}}, uses: ./.github/workflows/w.yml, with: {v: '\${{ matrix.v }}'}}`,
    calls: { "w.yml": prints("{workflow_call: {inputs: {v: {type: string}}}}", "${{ inputs.v }}") },
    is: {
      jobs: { one: "skipped", "a (v1) / make": "success", "a (v2) / make": "success" },
      prints: { "a (v1) / make": ["v1"], "a (v2) / make": ["v2"] },
    },
  },
  {
    name: "called: secrets by name, the others are empty, the token is there",
    from: secrets,
    jobs: "a: {uses: ./.github/workflows/w.yml, secrets: {ONE: '${{ secrets.KEY }}'}}",
    calls: {
      "w.yml": prints(
        "{workflow_call: {secrets: {ONE: {required: true}}}}",
        "${{ secrets.ONE == 'abc123x' }} [${{ secrets.OTHER }}] ${{ secrets.GITHUB_TOKEN != '' }}",
      ),
    },
    given: keys,
    is: { prints: { "a / make": ["true [] true"] } },
  },
  {
    name: "called: secrets: inherit gives all, declared or not",
    from: "docs workflow-syntax#jobsjob_idsecretsinherit",
    jobs: "a: {uses: ./.github/workflows/w.yml, secrets: inherit}",
    calls: {
      "w.yml": prints(
        "workflow_call",
        "${{ secrets.KEY == 'abc123x' }} ${{ secrets.OTHER != '' }}",
      ),
    },
    given: keys,
    is: { prints: { "a / make": ["true true"] } },
  },
  {
    name: "called: without secrets there are none but the token",
    from: secrets,
    jobs: call,
    calls: {
      "w.yml": prints("workflow_call", "[${{ secrets.KEY }}] ${{ secrets.GITHUB_TOKEN != '' }}"),
    },
    given: keys,
    is: { prints: { "a / make": ["[] true"] } },
  },
  {
    name: "called: secrets are passed on at every level",
    from: "docs workflow-syntax#onworkflow_callsecrets",
    jobs: "a: {uses: ./.github/workflows/w.yml, secrets: inherit}",
    calls: {
      "w.yml": "on: workflow_call\njobs: {mid: {uses: ./.github/workflows/v.yml}}\n",
      "v.yml": prints("workflow_call", "[${{ secrets.KEY }}]"),
    },
    given: keys,
    is: { prints: { "a / mid / make": ["[]"] } },
  },
  {
    name: "called: vars are the caller's",
    from: "docs variables#configuration-variable-precedence",
    jobs: call,
    calls: { "w.yml": prints("workflow_call", "${{ vars.PLACE }}") },
    given: { vars: { PLACE: "here" } },
    is: { prints: { "a / make": ["here"] } },
  },
  {
    name: "called: an environment's secrets come from its own job",
    from: "docs reuse-workflows#using-inputs-and-secrets-in-a-reusable-workflow",
    jobs: "a: {uses: ./.github/workflows/w.yml, with: {to: prod}}",
    calls: {
      "w.yml": `on: {workflow_call: {inputs: {to: {type: string}}}}
jobs: {make: {runs-on: x, environment: '\${{ inputs.to }}', steps: [{run: 'echo "\${{ secrets.KEY == ''of-prod'' }}"'}]}}
`,
    },
    given: { environment: async (name) => ({ secrets: { KEY: `of-${name}` }, vars: {} }) },
    is: { prints: { "a / make": ["true"] } },
  },
  {
    name: "called: a required input is missing",
    from: "vectors workflow-parser/errors-reusable-workflow-job-inputs-required.yml",
    jobs: call,
    calls: {
      "w.yml": prints("{workflow_call: {inputs: {i: {type: string, required: true}}}}", ""),
    },
    is: { refused: /^RA9001 .*Input i is required, but not provided while calling/ },
  },
  {
    name: "called: an input that is not declared",
    from: "vectors workflow-parser/errors-reusable-workflow-job-inputs-undefined.yml",
    jobs: "a: {uses: ./.github/workflows/w.yml, with: {i: 1}}",
    calls: { "w.yml": prints("workflow_call", "") },
    is: { refused: /^RA9001 .*Invalid input, i is not defined in the referenced workflow/ },
  },
  {
    name: "called: no boolean for a boolean",
    from: "vectors workflow-parser/errors-reusable-workflow-job-inputs-type-mismatch.yml",
    jobs: "a: {uses: ./.github/workflows/w.yml, with: {i: not-a-boolean}}",
    calls: { "w.yml": prints("{workflow_call: {inputs: {i: {type: boolean}}}}", "") },
    is: { refused: /^RA9001 .*Input i is a string/ },
  },
  {
    name: "called: a text of an expression is no boolean either",
    from: "docs workflow-syntax#jobsjob_idwithinput_id",
    jobs: "a: {uses: ./.github/workflows/w.yml, with: {i: \"${{ format('{0}', true) }}\"}}",
    calls: { "w.yml": prints("{workflow_call: {inputs: {i: {type: boolean}}}}", "") },
    is: { refused: /^RA9001 .*Input i is a string/ },
  },
  {
    name: "called: nothing for a boolean",
    from: "runner WorkflowTemplateConverter.cs",
    jobs: "a: {uses: ./.github/workflows/w.yml, with: {i: '${{ github.event.inputs.i }}'}}",
    calls: { "w.yml": prints("{workflow_call: {inputs: {i: {type: boolean}}}}", "") },
    is: { refused: /^RA9001 .*Input i is empty/ },
  },
  {
    name: "called: a secret that is not declared",
    from: "vectors workflow-parser/errors-reusable-workflow-job-secrets-undefined.yml",
    jobs: "a: {uses: ./.github/workflows/w.yml, secrets: {foo: bar}}",
    calls: { "w.yml": prints("workflow_call", "") },
    is: { refused: /^RA9001 .*Invalid secret, foo is not defined in the referenced workflow/ },
  },
  {
    name: "called: a required secret that there is none of to inherit",
    from: "runner WorkflowTemplateConverter.cs",
    jobs: "a: {uses: ./.github/workflows/w.yml, secrets: inherit}",
    calls: {
      "w.yml": prints("{workflow_call: {secrets: {S: {required: true}}}}", "[${{ secrets.S }}]"),
    },
    is: { prints: { "a / make": ["[]"] } },
  },
  {
    name: "called: a required secret is missing",
    from: "vectors workflow-parser/errors-reusable-workflow-job-secrets-required.yml",
    jobs: call,
    calls: { "w.yml": prints("{workflow_call: {secrets: {S: {required: true}}}}", "") },
    is: { refused: /^RA9001 .*Secret S is required, but not provided while calling/ },
  },
  {
    name: "called: more permissions than the caller's",
    from: "docs reusing-workflow-configurations#access-and-permissions-for-nested-workflows",
    workflow: `on: push\npermissions: {contents: read}\njobs: {${call}}\n`,
    calls: { "w.yml": prints("workflow_call", "", "permissions: {contents: write}\n") },
    is: { refused: /requesting 'contents: write', but is only allowed 'contents: read'/ },
  },
  {
    name: "called: a workflow that cannot be called",
    from: "vectors workflow-parser/errors-reusable-workflow-job-inputs-required.yml",
    jobs: call,
    calls: { "w.yml": prints("push", "") },
    is: { refused: /^RA9001 .*missing a `on.workflow_call` trigger/ },
  },
  {
    name: "called: a file that is not there",
    from: "docs workflow-syntax#jobsjob_iduses",
    jobs: call,
    is: { refused: /^RA9001 .*workflow was not found/ },
  },
];
