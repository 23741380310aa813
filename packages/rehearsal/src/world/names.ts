import { nearest, type Problem } from "./document.ts";
import { kindNames, ownWords, type Expectation } from "./expectation-language.ts";
import { verbNames, type Act, type RehearsalFile } from "./language.ts";

type Path = readonly (string | number)[];

/** Acts that somebody does; the others happen by themselves. */
const personal: readonly string[] = [
  "commit",
  "merge",
  "branch",
  "milestone",
  "issue",
  "close-issue",
  "reopen-issue",
  "edit-issue",
  "tick",
  "untick",
  "merge-pull",
  "review-environment",
  "tag",
  "comment",
  "edit-comment",
  "dispatch",
  "re-run",
];

/** Finds every name that the file uses and does not declare: people, clusters, acts, builds, scenarios, expectations. */
export function checkNames(file: RehearsalFile): Problem[] {
  const problems: Problem[] = [];
  const need = (
    path: Path,
    name: string | undefined,
    known: Iterable<string>,
    what: string,
  ): void => {
    if (name === undefined) return;
    const names = [...known];
    if (names.includes(name)) return;
    const near = nearest(name, names);
    problems.push({
      path,
      says: `there is no ${what} ${name}${near ? `; did you mean ${near}?` : ""}`,
    });
  };

  for (const [host, standIn] of Object.entries(file.hosts)) {
    const [kind, cluster] = standIn.split(" ");
    if (cluster) need(["hosts", host], cluster, Object.keys(file.clusters), "cluster");
    if (kind === "registry" && !file.registry)
      problems.push({ path: ["hosts", host], says: "`registry:` says nothing about its accounts" });
    if (kind === "zenodo" && !file.zenodo)
      problems.push({ path: ["hosts", host], says: "`zenodo:` says nothing about its accounts" });
    if (kind === "awx" && !file.awx)
      problems.push({ path: ["hosts", host], says: "`awx:` says nothing about its templates" });
    if (kind === "smtp" && !file.smtp)
      problems.push({ path: ["hosts", host], says: "`smtp:` says nothing about its accounts" });
    if (kind === "chat" && !file.chat)
      problems.push({ path: ["hosts", host], says: "`chat:` says nothing about its hooks" });
  }
  for (const [name, { cluster }] of Object.entries(file.awx?.templates ?? {}))
    need(["awx", "templates", name, "cluster"], cluster, Object.keys(file.clusters), "cluster");
  const mailHosts = Object.entries(file.hosts).filter(([, kind]) => kind === "smtp");
  for (const [host] of mailHosts.slice(1))
    problems.push({ path: ["hosts", host], says: "there is one mail server at most" });
  checkSecrets(file, need);
  const repositories = repositoryNames(file);
  for (const [name, component] of Object.entries(file.components))
    need(["components", name, "repository"], component.repository, repositories, "repository");
  for (const [name, app] of Object.entries(file.apps))
    for (const [index, repository] of (app.repositories ?? []).entries())
      need(["apps", name, "repositories", index], repository, repositories, "repository");
  for (const [name, { reviewers }] of Object.entries(file.environments))
    for (const [index, person] of (reviewers ?? []).entries())
      need(["environments", name, "reviewers", index], person, Object.keys(file.people), "person");

  const walk = (
    acts: readonly Act[],
    path: Path,
    known: Set<string>,
    inPreludes: readonly string[] = [],
  ): void => {
    for (const [index, act] of acts.entries()) {
      const at = [...path, index];
      const verb = verbNames.find((name) => act[name] !== undefined) ?? "prelude";
      if (act.prelude !== undefined) {
        need([...at, "prelude"], act.prelude, Object.keys(file.preludes), "prelude");
        if (inPreludes.includes(act.prelude))
          problems.push({ path: at, says: `the prelude ${act.prelude} contains itself` });
        else
          walk(file.preludes[act.prelude] ?? [], ["preludes", act.prelude], known, [
            ...inPreludes,
            act.prelude,
          ]);
        continue;
      }
      if (act["at-once"] !== undefined) {
        walk(act["at-once"], [...at, "at-once"], known, inPreludes);
        continue;
      }
      if (personal.includes(verb) && act.by === undefined)
        problems.push({ path: at, says: "`by:` is missing: who does it?" });
      need([...at, "by"], act.by, Object.keys(file.people), "person");
      for (const [key, name] of actReferences(act))
        need([...at, verb, ...key], name, known, "act before this one called");
      const { repository } = act.commit ?? act.merge ?? act.issue ?? act.milestone ?? act.tag ?? {};
      need(
        [...at, verb, "repository"],
        repository ?? act.branch?.repository,
        repositories,
        "repository",
      );
      need(
        [...at, verb, "environment"],
        act["review-environment"]?.environment,
        Object.keys(file.environments),
        "environment",
      );
      need([...at, verb, "cluster"], act.apply?.cluster, Object.keys(file.clusters), "cluster");
      if (act.build) {
        for (const name of act.build.components ?? [])
          need([...at, "build", "components"], name, Object.keys(file.components), "component");
        const variants = new Set(
          Object.values(file.components).flatMap((component) => Object.keys(component.variants)),
        );
        need([...at, "build", "variant"], act.build.variant, variants, "variant");
      }
      if (act.as !== undefined) known.add(act.as);
    }
  };
  const history = new Set<string>();
  walk(file.history, ["history"], history);
  for (const [index, scenario] of file.scenarios.entries()) {
    const known = new Set(history);
    walk(scenario.acts, ["scenarios", index, "acts"], known);
    for (const [place, expectation] of scenario.expect.entries()) {
      const at = ["scenarios", index, "expect", place];
      for (const [key, name] of references(expectation))
        need([...at, ...key], name, known, "act called");
      const { repository } =
        expectation.file ?? expectation.milestone ?? expectation["git-tag"] ?? {};
      need([...at, kindOf(expectation), "repository"], repository, repositories, "repository");
      need(
        [...at, "chat", "hook"],
        expectation.chat?.hook,
        Object.keys(file.chat?.hooks ?? {}),
        "hook of the chat",
      );
      need(
        [...at, "running", "cluster"],
        expectation.running?.cluster,
        Object.keys(file.clusters),
        "cluster",
      );
    }
  }
  for (const [index, record] of (file.zenodo?.records ?? []).entries()) {
    need(
      ["zenodo", "records", index, "owner"],
      record.owner,
      file.zenodo?.accounts ?? [],
      "account of Zenodo",
    );
  }
  for (const [index, requirement] of file.requirements.entries()) {
    for (const [place, proof] of requirement.proof.entries()) {
      const at = ["requirements", index, "proof", place];
      need(
        [...at, "scenario"],
        proof.scenario,
        file.scenarios.map((one) => one.name),
        "scenario",
      );
      const scenario = file.scenarios.find((one) => one.name === proof.scenario);
      for (const name of scenario ? proof.holds : []) {
        const found = scenario?.expect.find((one) => one.name === name);
        need([...at, "holds"], name, scenario?.expect.map((one) => one.name) ?? [], "expectation");
        if (found && ownWords.includes(kindOf(found))) {
          problems.push({
            path: [...at, "holds"],
            says: `${name} reads the product's own words (${kindOf(found)}); a requirement is proven by a system's state`,
          });
        }
      }
    }
  }
  return problems;
}

/** Which kind of effect an expectation looks at. */
export function kindOf(expectation: Expectation): (typeof kindNames)[number] {
  return kindNames.find((kind) => expectation[kind] !== undefined) ?? "run";
}

function checkSecrets(
  file: RehearsalFile,
  need: (path: Path, name: string | undefined, known: Iterable<string>, what: string) => void,
): void {
  const places: [Path, RehearsalFile["secrets"]][] = [
    [["secrets"], file.secrets],
    ...Object.entries(file.environments).map(
      ([name, environment]): [Path, RehearsalFile["secrets"]] => [
        ["environments", name, "secrets"],
        environment.secrets,
      ],
    ),
  ];
  for (const [path, secrets] of places) {
    for (const [name, secret] of Object.entries(secrets)) {
      const at = [...path, name];
      const accounts = Object.keys(file.registry?.accounts ?? {});
      need([...at, "kubeconfig"], secret.kubeconfig, Object.keys(file.clusters), "cluster");
      need(
        [...at, "registry-username"],
        secret["registry-username"],
        accounts,
        "account of the registry",
      );
      need(
        [...at, "registry-password"],
        secret["registry-password"],
        accounts,
        "account of the registry",
      );
      need(
        [...at, "zenodo-token"],
        secret["zenodo-token"],
        file.zenodo?.accounts ?? [],
        "account of Zenodo",
      );
      need([...at, "awx-token"], secret["awx-token"], file.awx?.accounts ?? [], "account of AWX");
      need(
        [...at, "smtp-password"],
        secret["smtp-password"],
        file.smtp?.accounts ?? [],
        "account of the mail server",
      );
      need(
        [...at, "chat-hook"],
        secret["chat-hook"],
        Object.keys(file.chat?.hooks ?? {}),
        "hook of the chat",
      );
      need([...at, "app-key"], secret["app-key"], Object.keys(file.apps), "app");
    }
  }
}

/** Names under which a repository may be spoken of: `owner/name`, and `name` alone. */
function repositoryNames(file: RehearsalFile): string[] {
  return [file.repository, ...file.repositories].flatMap(({ name }) => [
    name,
    name.slice(name.indexOf("/") + 1),
  ]);
}

const actReferences = (act: Act): [Path, string | undefined][] => [
  [["at"], act.branch?.at ?? act.tag?.at],
  ...[act.build?.of ?? []].flat().map((name): [Path, string] => [["of"], name]),
  [
    ["of"],
    act["close-issue"]?.of ??
      act["reopen-issue"]?.of ??
      act["edit-issue"]?.of ??
      act["merge-pull"]?.of ??
      act["edit-comment"]?.of ??
      act["re-run"]?.of ??
      act["review-environment"]?.of,
  ],
  [["on"], act.comment?.on ?? act.tick?.on ?? act.untick?.on],
  ...(act.merge?.closes ?? []).map((name, index): [Path, string] => [["closes", index], name]),
];

function references(one: Expectation): [Path, string | undefined][] {
  const build = (name: string | undefined): string | undefined =>
    name === "none" ? undefined : name;
  return [
    [["run", "of"], one.run?.of],
    [["job", "of"], one.job?.of],
    [["message", "of"], one.message?.of],
    [["issue", "of"], one.issue?.of],
    [["pull", "of"], one.pull?.of],
    [["mail", "since"], one.mail?.since],
    [["mail", "until"], one.mail?.until],
    [["chat", "since"], one.chat?.since],
    [["chat", "until"], one.chat?.until],
    [["git-tag", "is"], build(one["git-tag"]?.is)],
    [["deployment", "of"], one.deployment?.of],
    [["writes", "since"], one.writes?.since],
    [["writes", "until"], one.writes?.until],
    [["requests", "since"], one.requests?.since],
    [["requests", "until"], one.requests?.until],
    [["tag", "is"], build(one.tag?.is)],
    [["running", "is"], build(one.running?.is)],
  ];
}
