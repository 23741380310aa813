import type { RunRow } from "./row.ts";

/** What can only be seen when the job is there. */
export const refusedJobs: RunRow[] = [
  {
    name: "a container action",
    from: "rehearsal #what-it-refuses",
    actions: { "action.yml": "runs: {using: docker, image: Dockerfile}\n" },
    steps: "- run: echo first\n- uses: org/tools@v1",
    is: {
      conclusion: "failure",
      outcomes: [],
      says: [/RA9002 org\/tools@v1 is a container action/],
    },
  },
  {
    name: "docker://",
    from: "rehearsal #what-it-refuses",
    steps: "- run: echo first\n- uses: docker://alpine:3",
    is: {
      conclusion: "failure",
      outcomes: [],
      says: [/RA9002 docker:\/\/alpine:3 is a container action/],
    },
  },
  {
    name: "an action that is not there",
    from: "rehearsal #what-it-refuses",
    steps: "- run: echo first\n- uses: actions/setup-node@v4",
    is: {
      conclusion: "failure",
      outcomes: [],
      says: [/RA9002 actions\/setup-node@v4 is not in the rehearsal/],
    },
  },
  {
    name: "another machine",
    from: "rehearsal #what-it-refuses",
    jobs: "a: {runs-on: windows-latest, steps: [{run: 'true'}]}",
    is: {
      conclusion: "failure",
      outcomes: [],
      says: [/RA9002 runs-on: windows-latest cannot be rehearsed/],
    },
  },
  {
    name: "another shell",
    from: "rehearsal #what-it-refuses",
    steps: "- {run: Get-Item x, shell: pwsh}",
    is: { conclusion: "failure", says: [/RA9002 Shell 'pwsh' is not in the rehearsal/] },
  },
  {
    name: "$/ in a workflow",
    from: "rehearsal #what-it-refuses",
    steps: "- uses: $/tool",
    is: {
      conclusion: "failure",
      outcomes: [],
      says: [/RA9002 \$\/tool: .* is rehearsed inside actions only/],
    },
  },
  {
    name: "what is done in another way is said: cancel-in-progress, max-parallel, id-token",
    from: "rehearsal #what-it-does-in-another-way",
    workflow: `on: push
concurrency: {group: 'w-\${{ github.ref_name }}', cancel-in-progress: true}
jobs: {a: {permissions: {id-token: write}, strategy: {max-parallel: 1, matrix: {n: [1, 2]}}, runs-on: x, steps: [{run: 'true'}]}}
`,
    is: {
      conclusion: "success",
      remarks: [
        /^RA9003 concurrency w-main: cancel-in-progress is not rehearsed/,
        /^RA9003 jobs\.a\.strategy\.max-parallel: /,
        /^RA9003 jobs\.a\.permissions\.id-token: /,
      ],
    },
  },
  {
    name: "another runtime",
    from: "docs metadata-syntax#runsusing-for-javascript-actions",
    actions: { "action.yml": "runs: {using: node8, main: x.js}\n" },
    steps: "- uses: org/tools@v1",
    is: { conclusion: "failure", outcomes: [], says: [/'using: node8' is not supported/] },
  },
  {
    name: "a bundle that is not there",
    from: "runner ActionManager.cs",
    actions: { "action.yml": "runs: {using: node24, main: dist.js}\n" },
    steps: "- run: echo first\n- uses: org/tools@v1",
    is: { conclusion: "failure", outcomes: [], says: [/File not found: 'dist.js'/] },
  },
  {
    name: "a local action before its checkout",
    from: "runner ActionManager.cs",
    steps: "- uses: ./tool",
    is: { conclusion: "failure", says: [/Did you forget to run actions\/checkout/] },
  },
];
