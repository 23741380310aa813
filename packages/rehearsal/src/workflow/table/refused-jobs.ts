import type { RunRow } from "./row.ts";

/** What can only be seen when the job is there. */
export const refusedJobs: RunRow[] = [
  {
    name: "a container action",
    from: "rehearsal #what-it-refuses",
    actions: { "action.yml": "runs: {using: docker, image: Dockerfile}\n" },
    steps: "- run: echo first\n- uses: org/tools@v1",
    is: { conclusion: "failure", outcomes: [], says: [/org\/tools@v1 is a container action/] },
  },
  {
    name: "docker://",
    from: "rehearsal #what-it-refuses",
    steps: "- run: echo first\n- uses: docker://alpine:3",
    is: {
      conclusion: "failure",
      outcomes: [],
      says: [/docker:\/\/alpine:3 is a container action/],
    },
  },
  {
    name: "an action that is not there",
    from: "rehearsal #what-it-refuses",
    steps: "- run: echo first\n- uses: actions/setup-node@v4",
    is: {
      conclusion: "failure",
      outcomes: [],
      says: [/actions\/setup-node@v4 is not in the rehearsal/],
    },
  },
  {
    name: "another machine",
    from: "rehearsal #what-it-refuses",
    jobs: "a: {runs-on: windows-latest, steps: [{run: 'true'}]}",
    is: {
      conclusion: "failure",
      outcomes: [],
      says: [/runs-on: windows-latest cannot be rehearsed/],
    },
  },
  {
    name: "another shell",
    from: "rehearsal #what-it-refuses",
    steps: "- {run: Get-Item x, shell: pwsh}",
    is: { conclusion: "failure", says: [/Shell 'pwsh' is not in the rehearsal/] },
  },
  {
    name: "$/ in a workflow",
    from: "rehearsal #what-it-refuses",
    steps: "- uses: $/tool",
    is: { conclusion: "failure", outcomes: [], says: [/is rehearsed inside actions only/] },
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
