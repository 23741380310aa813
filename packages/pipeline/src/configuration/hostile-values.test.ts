import { describe, expect, test } from "vitest";
import { Document } from "yaml";
import { expectTold, pathOf, refusal, sample } from "./sample-file.ts";
import { keysOf } from "./schema-keys.ts";
import { pipelineSchema } from "./schema.ts";

/** What may be written where a value is expected. */
const values = {
  nothing: "",
  "no value": null,
  "a mapping": { some: "thing" },
  "a list in a list": [["main"]],
  "a number": 7,
  "a fraction": 1.5,
  "a yes": true,
  "too long": "x".repeat(100_000),
  "a line end": "main\n::error::x",
  "an odd line end": "main\u2028::error::x",
  "a control character": "main\u0007",
  "a zero": "main\0",
  "another direction": "main\u202eniam",
  "a command": "##[error]x ::error::x",
  HTML: "<script>alert(1)</script>",
  Markdown: "[x](javascript:x) @here | `x`",
  "an unknown placeholder": "${nope}",
  "a path that leads out": "../../etc/passwd",
  "an absolute path": "/etc/passwd",
  "an option": "--help",
  "a shell's command": "$(touch x); `touch x`",
  "a name of JavaScript's own": "__proto__",
  "a pattern that explodes": "(a+)+$",
  "a glob that explodes": "*a".repeat(200),
  "an address of a script": "javascript:alert(1)",
  "an address of a file": "file:///etc/passwd",
} as const;
type Kind = keyof typeof values;

const paths: Kind[] = [
  "a command",
  "HTML",
  "Markdown",
  "an unknown placeholder",
  "an option",
  "a shell's command",
  "a name of JavaScript's own",
  "a pattern that explodes",
  "a glob that explodes",
  "an address of a script",
  "an address of a file",
];
const sentence: Kind[] = [...paths, "a path that leads out", "an absolute path"];
/** A path, or a place elsewhere: what has an @ must be one. */
const places = paths.filter((kind) => kind !== "Markdown" && kind !== "an unknown placeholder");
const template = sentence.filter((kind) => kind !== "an unknown placeholder");
const list = (kinds: Kind[]): Kind[] => [...kinds, "no value"];

const none: Kind[] = [];
/** Content, which is compared or sent and stands nowhere else. */
const anyText: Kind[] = [
  "nothing",
  "a line end",
  "an odd line end",
  "a control character",
  "a zero",
  "another direction",
  ...sentence,
];
const scalars: Kind[] = [
  "a number",
  "a fraction",
  "a yes",
  "no value",
  "too long",
  ...anyText.filter((kind) => kind !== "an unknown placeholder"),
];
/** What is a regular expression too; one that would explode elsewhere does not in RE2. */
const patterns: Kind[] = [
  "a command",
  "HTML",
  "a path that leads out",
  "an absolute path",
  "an option",
  "a shell's command",
  "Markdown",
  "a name of JavaScript's own",
  "a pattern that explodes",
  "an address of a script",
  "an address of a file",
];

const production = "environments.production";
const check = `${production}.smoke.checks.0`;

/** What is taken at each place beside what stands there in the sample; everything else is refused. */
const taken: [place: string, kinds: Kind[]][] = [
  // At most 100 characters.
  ["product", sentence.filter((kind) => kind !== "a glob that explodes")],
  ["timezone", none],
  ["tag", none],
  ["tag.scheme", none],
  ["tag.prefix", sentence],
  ["tag.branch", list(sentence)],
  ["tag.branch.0", sentence],
  ["tag.manifests", list(paths)],
  ["tag.manifests.0", paths],
  ["tag.on-invalid", none],
  ["components", none],
  ["components.0", none],
  ["components.0.name", none],
  ["components.0.image", none],
  ["components.0.image-tag", template],
  ["components.0.repository", none],
  ["roles", none],
  ["roles.owner", ["no value"]],
  ["roles.owner.0", none],
  ["defaults", none],
  ["environments", none],
  ["environments.staging", none],
  ["environments.staging.deploy.script", paths],
  ["environments.staging.deploy.vars", ["a mapping", "no value"]],
  ["environments.staging.deploy.vars.HOST", [...template, "a number", "a fraction", "a yes"]],
  ["environments.staging.deploy.namespace", ["no value"]],
  ["environments.staging.deploy.cluster", ["no value", ...sentence]],
  ["environments.staging.deploy.exercise-rollback", ["no value", "a yes"]],
  ["environments.demo.deploy.awx-template", ["a number", ...sentence]],
  ["environments.demo.deploy.awx-url", none],
  ["environments.staging.smoke.checks", paths],
  ["environments.preview.deploy.chart", places],
  ["environments.preview.deploy.values", list(places)],
  ["environments.preview.deploy.values.0", places],
  ["environments.preview.deploy.env-files", list(places)],
  ["environments.preview.deploy.env-files.0", places],
  ["environments.preview.deploy.release-name", ["no value"]],
  ["environments.preview.deploy.vars", ["a mapping", "no value"]],
  [
    "environments.preview.deploy.vars.web\\.replicas",
    [...template, "a number", "a fraction", "a yes"],
  ],
  [`${production}.from`, ["no value"]],
  [`${production}.url`, ["no value"]],
  [`${production}.image-tags`, list(template)],
  [`${production}.deploy`, ["no value"]],
  [`${production}.deploy.manifests`, paths],
  [`${production}.deploy.timeout`, ["no value"]],
  [`${production}.deploy.on-failure`, ["no value"]],
  [`${production}.deploy.before`, ["no value", ...paths]],
  [`${production}.deploy.after`, ["no value", ...paths]],
  [`${production}.deploy.restore`, ["no value", ...paths]],
  [`${production}.smoke`, ["no value"]],
  [`${production}.smoke.deadline`, none],
  [`${production}.smoke.settle`, ["a number"]],
  [`${production}.smoke.identity`, none],
  [`${check}.name`, sentence],
  [`${check}.get`, template],
  [`${production}.smoke.checks.1.post`, template],
  [`${production}.smoke.checks.1.send`, anyText],
  [`${check}.status`, none],
  [`${check}.headers`, ["a mapping"]],
  [`${check}.headers.x-by`, template],
  [`${check}.headers.content-type.matches`, patterns],
  [`${check}.body`, template],
  [`${check}.body.contains`, template],
  [`${check}.body.matches`, patterns],
  [`${check}.json`, none],
  [`${check}.json.$\\.c`, scalars],
  [`${check}.json.$\\.a.equals`, scalars],
  [`${check}.json.$\\.a.matches`, patterns],
  [`${check}.json.$\\.a.below`, ["a number", "a fraction"]],
  [`${check}.json.$\\.a.at-least`, ["a number", "a fraction"]],
  [`${check}.p95`, none],
  [`${check}.timeout`, none],
  [`${production}.gate`, ["no value"]],
  [`${production}.gate.status-checks`, list(sentence)],
  [`${production}.gate.wait`, none],
  [`${production}.gate.approvals`, ["no value"]],
  [`${production}.gate.approvals.0.role`, none],
  [`${production}.gate.approvals.0.count`, ["a number"]],
  [`${production}.gate.run-by`, ["no value"]],
  [`${production}.gate.four-eyes`, ["a yes"]],
  [`${production}.gate.warn`, ["no value"]],
  [`${production}.gate.checklist`, ["no value"]],
  [`${production}.gate.checklist.0.item`, sentence],
  [`${production}.gate.checklist.0.if-changed`, list(sentence)],
  [`${production}.gate.checklist.0.sub-issue`, ["a yes"]],
  [`${production}.gate.preflight`, ["no value"]],
  [`${production}.gate.preflight.0.name`, sentence],
  [`${production}.gate.preflight.0.backup`, none],
  [`${production}.gate.preflight.0.max-age`, none],
  [`${production}.gate.preflight.0.timeout`, none],
  [`${production}.gate.preflight.1.passed`, sentence],
  [`${production}.gate.preflight.1.in`, none],
  [`${production}.gate.preflight.1.max-age`, none],
  [`${production}.accept-by`, ["no value"]],
  [`${production}.exceptions`, ["no value"]],
  [`${production}.exceptions.rollback`, none],
  [`${production}.exceptions.rollback.run-by`, ["no value"]],
  [`${production}.exceptions.rollback.approvals`, ["no value"]],
  [`${production}.exceptions.restore`, none],
  [`${production}.exceptions.restore.run-by`, ["no value"]],
  [`${production}.exceptions.restore.approvals`, none],
  ["issue", none],
  ["issue.title", template],
  ["issue.labels", list(sentence)],
  ["issue.assignees", ["no value"]],
  ["issue.milestone", template],
  ["issue.links", none],
  ["issue.links.User guide", none],
  ["release", none],
  ["release.changelog", paths],
  ["release.pull-request", ["a yes"]],
  ["release.assets", list(paths)],
  ["release.latest", ["a yes"]],
  ["zenodo", none],
  ["zenodo.server", none],
  ["zenodo.concept", ["a number"]],
  ["zenodo.metadata", paths],
  ["zenodo.files", list(paths)],
  ["zenodo.write-to", list(paths)],
  ["notify", none],
  ["notify.mail", none],
  ["notify.mail.server", none],
  ["notify.mail.from", none],
  ["notify.mail.secret", none],
  ["notify.contacts", none],
  ["notify.contacts.owner", none],
  ["notify.messages", ["no value"]],
  ["notify.messages.0.to", none],
  ["notify.messages.0.on", none],
  ["notify.messages.0.environments", ["no value"]],
  ["ledger", none],
  ["ledger.branch", ["a name of JavaScript's own"]],
];

/** What is told at another place: where the thing that is now missing was needed. */
const toldElsewhere = [
  "roles a mapping",
  "roles a list in a list",
  "environments.staging.deploy.script no value",
  "environments.preview.deploy.chart no value",
  "environments.demo.deploy.awx-template no value",
  "environments.demo.deploy.awx-url no value",
  `${production}.deploy.manifests no value`,
];

const whole = new Document(sample).toString();

test("the sample is in order, and has every key that the file knows", () => {
  expect(refusal(whole)).toBeUndefined();
  const names = taken.map(([place]) =>
    pathOf(place)
      .map((part, at, path) => {
        if (typeof part === "number") return "[]";
        const above = path.slice(0, at).join(".");
        const isName =
          /^(roles|environments|.*\.vars|.*\.headers|.*\.json|.*\.contacts|.*\.links)$/.test(above);
        return isName ? ".<>" : `.${part}`;
      })
      .join("")
      .replace(/^\./, "")
      // The staging of the sample has what excludes what its production has.
      .replace(/\.<>\.identity\..*/, ""),
  );
  const known = [...keysOf(pipelineSchema).keys()];
  expect(known.filter((key) => !names.includes(key))).toEqual([]);
});

describe.each(taken)("%s", (place, kinds) => {
  const path = pathOf(place);
  test.each(Object.entries(values))("%s", (kind, value) => {
    const document = new Document(sample);
    document.setIn(path, value);
    const text = document.toString({ lineWidth: 0 });
    if (kinds.includes(kind as Kind)) expect(refusal(text)).toBeUndefined();
    else if (toldElsewhere.includes(`${place} ${kind}`)) expectTold(text, []);
    else expectTold(text, path);
  });
});
