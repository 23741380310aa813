import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** An action like any other: it knows GitHub's variables, a proxy, and nothing of a rehearsal. */
const action = {
  "action.yml": `
name: Probe
description: One request
inputs:
  url: {description: Where, required: true}
  method: {description: How, default: GET}
  body: {description: What, default: ''}
  token: {description: Who, default: '\${{ github.token }}'}
  secret: {description: A secret, default: ''}
outputs:
  status: {description: Status of the answer}
  secret-length: {description: Length of the secret}
  attempt: {description: Attempt of the run}
runs: {using: node24, main: index.mjs}
`,
  "index.mjs": `
import { appendFileSync } from "node:fs";
import { Agent, request } from "node:https";
const input = (name) => process.env["INPUT_" + name.toUpperCase()] ?? "";
const agent = new Agent({ proxyEnv: process.env });
const out = (name, value) => appendFileSync(process.env.GITHUB_OUTPUT, name + "=" + value + "\\n");
const headers = { "user-agent": "probe", ...(input("url").includes("github") ? { authorization: "Bearer " + input("token") } : {}) };
out("secret-length", input("secret").length);
out("attempt", process.env.GITHUB_RUN_ATTEMPT);
request(input("url"), { method: input("method"), agent, headers }, async (answer) => {
  let body = "";
  for await (const part of answer) body += part;
  out("status", answer.statusCode);
  console.log(answer.statusCode, body.slice(0, 300));
  appendFileSync(process.env.GITHUB_STEP_SUMMARY, "Asked " + input("url") + "\\n");
  if (answer.statusCode >= 400) { console.log("::error::The answer was " + answer.statusCode); process.exitCode = 1; }
}).on("error", (error) => { console.log("::error::" + error.message); process.exitCode = 1; }).end(input("body"));
`,
};

const probe = (inputs: string): string => `
      - id: probe
        uses: tools/probe@v1
        with: {${inputs}}`;
const outputs = `
    outputs:
      status: \${{ steps.probe.outputs.status }}
      length: \${{ steps.probe.outputs.secret-length }}
      attempt: \${{ steps.probe.outputs.attempt }}`;
const job = (name: string, settings: string, ...steps: string[]): string => `
  ${name}:
    runs-on: ubuntu-latest
    ${settings}
    steps:${steps.join("")}${outputs}`;
const workflow = (name: string, on: string, ...jobs: string[]): string =>
  `name: ${name}\non: ${on}\npermissions: {}\njobs:${jobs.join("")}\n`;

const api = "https://api.github.com/repos/team/product";
const readRecord = "url: 'https://zenodo.org/api/records/1000002'";
const openIssue = `url: '${api}/issues', method: POST, body: '{"title":"x"}'`;
const deploy = `url: '${api}/deployments', method: POST, body: '{"ref":"main","required_contexts":[]}'`;
const secret = "secret: '${{ secrets.KEY }}'";
const reads = "permissions: {contents: read}";

const workflows: Record<string, string> = {
  "tag.yml": workflow(
    "Tag",
    "{push: {tags: ['[0-9]*']}}",
    job("read", reads, probe(`url: '${api}/git/ref/heads/main'`)),
  ),
  "issue.yml": workflow("Issue", "workflow_dispatch", job("write", reads, probe(openIssue))),
  "secret.yml": workflow(
    "Secret",
    "workflow_dispatch",
    job("inside", "environment: vault", probe(`${readRecord}, ${secret}`)),
    job("outside", "needs: inside", probe(`${readRecord}, ${secret}`)),
  ),
  "foreign.yml": workflow(
    "Foreign",
    "workflow_dispatch",
    job("call", "name: Call", probe("url: 'https://api.example.com/x'")),
  ),
  "two.yml": workflow(
    "Two",
    "workflow_dispatch",
    job("both", reads, probe(openIssue), probe(deploy).replace("id: probe", "id: second")),
  ),
  "broken.yml": workflow(
    "Broken",
    "{push: {tags: ['broken']}}",
    "\n  one:\n    runs-on: ubuntu-latest\n    stepps: []",
  ),
  "comment.yml": workflow(
    "Comment",
    "{issue_comment: {types: [created]}}",
    job("answer", "if: startsWith(github.event.comment.body, '/go')", probe(readRecord)),
  ),
};

const rehearsal = `
title: Small
repository: {name: team/product}
start: 2026-03-02T08:00:00Z
people: {ann: {access: write}, bob: {access: read}}
hosts: {zenodo.org: zenodo, registry.example.org: registry}
zenodo: {accounts: [team], records: [{owner: team, concept: '1000001', id: '1000002', metadata: {title: Product, upload_type: software, description: A product, creators: [{name: 'Ann, A'}]}}]}
registry: {accounts: {ci: push}}
components:
  web: {image: registry.example.org/team/web, entrypoint: [node, server.mjs], variants: {good: [image]}}
environments:
  vault: {branches: [main], secrets: {KEY: {value: seventeen letters}}}
history:
  - {commit: {message: First, from: [.github]}, by: ann, as: first}
scenarios:
  - name: a tag starts its workflow
    acts:
      - {commit: {message: Second, files: {a.txt: a}}, by: ann, as: second}
      - {tag: {name: 1.0.0, at: second}, by: ann, as: tagged}
      - {tag: {name: v1.0.0, at: second}, by: ann, as: other tag}
    expect:
      - {name: the tag, run: {of: tagged, is: success}}
      - {name: its job, job: {of: tagged, job: read, is: success, outputs: {status: 200}}}
      - {name: the commit, run: {of: second, is: none}}
      - {name: the other tag, run: {of: other tag, is: none}}
      - {name: it said so, message: {of: tagged, contains: [Asked https://api.github.com]}}
      - {name: nothing written, writes: {since: tagged, to: {github: 0, registry: 0}}}
  - name: a permission is lacking
    acts:
      - {dispatch: {workflow: issue.yml}, by: ann, as: started}
    expect:
      - {name: green, run: {of: started, is: success}}
  - name: two permissions are lacking
    acts:
      - {dispatch: {workflow: two.yml}, by: ann, as: started}
    expect:
      - {name: red, run: {of: started, is: failure}}
  - name: a file that GitHub refuses
    acts:
      - {tag: {name: broken, at: first}, by: ann, as: tagged}
    expect:
      - {name: red, run: {of: tagged, is: failure}}
  - name: a run that nobody speaks of
    acts:
      - {dispatch: {workflow: foreign.yml}, by: ann}
    expect: []
  - name: a secret of an environment
    acts:
      - {dispatch: {workflow: secret.yml}, by: ann, as: started}
    expect:
      - {name: inside it is there, job: {of: started, job: inside, is: success, outputs: {length: 17}}}
      - {name: outside it is not, job: {of: started, job: outside, is: success, outputs: {length: 0}}}
  - name: a foreign host
    acts:
      - {dispatch: {workflow: foreign.yml}, by: ann, as: started}
    expect:
      - {name: red, run: {of: started, is: failure}}
  - name: an environment's rule
    acts:
      - {branch: {name: side, at: first}, by: ann}
      - {dispatch: {workflow: secret.yml, ref: side}, by: ann, as: started}
    expect:
      - {name: refused, job: {of: started, job: inside, is: failure}}
  - name: a run is run again
    acts:
      - {tag: {name: 1.0.0, at: first}, by: ann, as: tagged}
      - {re-run: {of: tagged}, by: ann, as: again}
    expect:
      - {name: the second attempt, job: {of: again, job: read, is: success, outputs: {attempt: 2}}}
      - {name: the first, job: {of: tagged, job: read, is: success, outputs: {attempt: 1}}}
  - name: comments
    acts:
      - {issue: {title: Go}, by: bob, as: issue}
      - {comment: {on: issue, body: /go on}, by: bob, as: command}
      - {comment: {on: issue, body: just words}, by: bob, as: talk}
    expect:
      - {name: a command is answered, job: {of: command, job: answer, is: success}}
      - {name: talk is not, job: {of: talk, job: answer, is: skipped}}
  - name: somebody may not
    acts:
      - {dispatch: {workflow: issue.yml}, by: bob}
    expect: []
  - name: effects that are not there
    acts:
      - {build: {of: first, version: 1.0.0, checks: {build: success}}, as: built}
      - {tag: {name: 1.0.0, at: first}, by: ann, as: tagged}
    expect:
      - {name: tag, tag: {name: production, is: built}}
      - {name: commit tag, tag: {name: '\${commit:first}', is: none}}
      - {name: release, release: {tag: 1.0.0, is: published}}
      - {name: record, record: {version: 1.0.0, is: published}}
      - {name: file, file: {branch: main, path: absent.json}}
      - {name: answers, answers: {get: 'https://zenodo.org/api/records/1000002', status: 418}}
      - {name: deployment, deployment: {environment: production, is: success}}
      - {name: requests, requests: {to: github, since: tagged, method: GET, path: /git/ref/, count: 0}}
      - {name: message, message: {of: tagged, contains: [never said]}}
      - {name: run, run: {of: tagged, is: failure}}
  - name: effects that are there
    acts:
      - {build: {of: first, version: 1.0.0}, as: built}
      - {tag: {name: 1.0.0, at: first}, by: ann, as: tagged}
    expect:
      - {name: commit tag, tag: {name: '\${commit:first}', is: built}}
      - {name: no release, release: {tag: 1.0.0, is: none}}
      - {name: file, file: {branch: main, path: .github/workflows/tag.yml, contains: ['name: Tag']}}
      - {name: requests, requests: {to: github, since: tagged, method: GET, path: /git/ref/, count: 1}}
requirements:
  - id: S-1
    text: The build is in the registry.
    proof: [{scenario: effects that are there, holds: [commit tag]}]
`;

/** Writes a small pipeline and an action for it into a folder of their own. */
export function writeExamplePipeline(): {
  pipeline: string;
  actions: Record<string, string>;
  remove(): void;
} {
  const folder = mkdtempSync(join(tmpdir(), "example-"));
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const [name, text] of Object.entries(action)) put(`probe/${name}`, text);
  put("small/rehearsal.yml", rehearsal);
  put("small/image/server.mjs", "console.log('up');\n");
  for (const [name, text] of Object.entries(workflows))
    put(`small/.github/workflows/${name}`, text);
  return {
    pipeline: join(folder, "small"),
    actions: { "tools/probe": join(folder, "probe") },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
