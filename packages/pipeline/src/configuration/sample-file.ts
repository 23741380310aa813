import { Fault } from "@release-actions/codes";
import { expect } from "vitest";
import { isMap, isNode, LineCounter, parseDocument } from "yaml";
import { readPipeline } from "./pipeline-file.ts";
import { languages, withLanguages } from "./languages.ts";

// The files below are read as they stand: with what knows JSONPath and regular expressions.
await withLanguages(languages);

/** Every key of the file, in a file that is in order. */
export const sample = {
  product: "Shop",
  timezone: "Europe/Oslo",
  tag: {
    scheme: "semver",
    prefix: "shop/",
    branch: ["main"],
    manifests: ["package.json"],
    "on-invalid": "skip",
  },
  components: [
    {
      name: "web",
      image: "registry.example.org:5000/shop/web",
      "image-tag": "${commit}",
      repository: "example/web",
    },
  ],
  roles: { owner: ["olga", "@example/owners"] },
  defaults: { deploy: { timeout: "15m" } },
  environments: {
    staging: {
      deploy: {
        script: "deploy/run.sh",
        vars: { HOST: "a" },
        namespace: "shop",
        cluster: "uid",
        "exercise-rollback": true,
      },
      smoke: { checks: "deploy/checks.yml" },
    },
    demo: {
      deploy: { "awx-template": "Deploy", "awx-url": "https://awx.example.org" },
    },
    preview: {
      deploy: {
        chart: "charts/shop",
        values: ["charts/preview.yaml"],
        "env-files": ["example/config/${environment}.env@main"],
        "release-name": "shop",
        vars: { "web.replicas": "${env:REPLICAS}" },
      },
    },
    production: {
      from: "staging",
      url: "https://shop.example.org",
      "image-tags": ["${version}"],
      deploy: {
        manifests: ["deploy/web.yml"],
        timeout: "10m",
        "on-failure": "keep",
        before: "deploy/backup.yml",
        after: "deploy/after.yml",
        restore: "deploy/restore.yml",
      },
      smoke: {
        deadline: "10m",
        settle: 2,
        identity: { get: "/", json: { "$.version": "${version}" } },
        checks: [
          {
            name: "answers",
            get: "/",
            status: 200,
            headers: { "content-type": { matches: "^text/" }, "x-by": "shop" },
            body: { contains: "Shop", matches: "S.op" },
            json: { "$.a": { equals: "b", matches: "b", below: 3, "at-least": 1 }, "$.c": true },
            p95: "200ms of 20",
            timeout: "5s",
          },
          { post: "/", send: "{}" },
        ],
      },
      gate: {
        "status-checks": ["test"],
        wait: "30m",
        approvals: [{ role: "owner", count: 1 }],
        "run-by": ["owner"],
        "four-eyes": true,
        checklist: [{ item: "Backups taken", "if-changed": ["db/**"], "sub-issue": true }],
        warn: ["rollback-image"],
        preflight: [
          { name: "backup", backup: "cronjob/backup", "max-age": "24h", timeout: "5s" },
          { name: "back", passed: "rollback", in: "staging", "max-age": "30d" },
        ],
      },
      "accept-by": "owner",
      exceptions: {
        rollback: { "run-by": ["owner"], approvals: ["owner"] },
        restore: { "run-by": ["owner"], approvals: ["owner"] },
      },
    },
  },
  issue: {
    title: "Release ${version}",
    labels: ["release"],
    assignees: ["owner"],
    milestone: "${version}",
    links: { "User guide": "https://shop.example.org/guide" },
  },
  release: {
    changelog: "CHANGELOG.md",
    "pull-request": true,
    assets: ["dist/*"],
    latest: "auto",
  },
  zenodo: {
    server: "https://zenodo.org",
    concept: "10.5281/zenodo.1000001",
    metadata: ".zenodo.json",
    files: ["dist/*"],
    "write-to": ["README.md"],
  },
  notify: {
    mail: {
      server: "smtps://smtp.example.org",
      from: "Shop <shop@example.org>",
      secret: "SMTP_PASSWORD",
    },
    contacts: { owner: "olga@example.org" },
    messages: [{ to: ["owner"], on: ["passed"], environments: ["production"] }],
  },
  ledger: { branch: "release-ledger" },
};

/** `a.0.b`; a dot of a name is written `\\.`. */
export function pathOf(place: string): (string | number)[] {
  return place
    .split(/(?<!\\)\./)
    .map((part) => part.replaceAll("\\", ""))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** What is wrong with a text: code and sentence; undefined where nothing is. */
export function refusal(text: string): { code: string; saw: string } | undefined {
  try {
    readPipeline("p.yml", text);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return { code: error.code, saw: error.saw };
    throw error;
  }
}

/** The lines on which a key and its value stand. */
function linesOf(text: string, path: (string | number)[]): [from: number, to: number] {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const parent = document.getIn(path.slice(0, -1), true);
  const pair = isMap(parent)
    ? parent.items.find(({ key }) => isNode(key) && String(key) === String(path.at(-1)))
    : undefined;
  const value = document.getIn(path, true);
  const from = pair && isNode(pair.key) ? pair.key.range?.[0] : isNode(value) && value.range?.[0];
  const to = isNode(value) ? value.range?.[1] : from;
  const line = (at: number | false | undefined) => counter.linePos(at || 0).line;
  return [line(from), line(to)];
}

/** Told at its place, in words that are short and can be shown. */
export function expectTold(text: string, path: (string | number)[]): void {
  const told = refusal(text);
  expect(told?.code).toMatch(/^RA110[234]$/);
  const places = [...(told?.saw ?? "").matchAll(/^p\.yml:(\d+):\d+: /gm)].map(([, at]) =>
    Number(at),
  );
  const [from, to] = path.length === 0 ? [1, text.split("\n").length] : linesOf(text, path);
  expect(
    places.some((at) => at >= from && at <= to),
    `${told?.saw}\n is not told at ${from} to ${to}`,
  ).toBe(true);
  expect(told?.saw.length).toBeLessThan(6000);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  expect(told?.saw).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u2028\u202e]/);
}
