import type { Finding } from "@release-actions/codes";
import type { StatusCheck } from "@release-actions/github";
import { schemeOf, type Version } from "@release-actions/versions";
import { manifestVersion } from "@release-actions/versions";
import { isLater, lastPass, runningRelease, sameBuild } from "@release-actions/ledger";
import { testedIn, type Candidate } from "../candidate.ts";
import type { EnvironmentSettings, Pipeline } from "../configuration/pipeline-file.ts";
import type { ImageFacts } from "./image-rules.ts";
import type { History } from "../history.ts";
import type { Request } from "../request.ts";
import { acceptanceOf } from "../issue/state.ts";
import { holdsRole, withPeople } from "./approvals.ts";

export type RuleFacts = {
  pipeline: Pipeline & { defaultBranch: string };
  environment: EnvironmentSettings;
  request: Request;
  history: History;
  candidate: Candidate;
  /** What the registry says; undefined where it was not asked. */
  images?: ImageFacts;
};

/** Is the tag a release: form, existence, branch, never moved? */
export function judgeTag({ pipeline, request, candidate }: RuleFacts): Finding {
  const rule = "tag";
  const scheme = schemeOf(pipeline.tag?.scheme ?? "semver", pipeline.tag?.prefix ?? "");
  const { version, facts } = candidate;
  if (version === undefined) {
    return {
      rule,
      holds: false,
      code: "RA1205",
      saw: "no version is given, and the ledger knows none that could be meant",
      next: "Start the workflow with a `version`.",
    };
  }
  if ("wrong" in version) {
    return {
      rule,
      holds: false,
      code: "RA1302",
      saw: `${JSON.stringify(candidate.given)} is not a release of the scheme ${scheme.name}: ${version.wrong}`,
      next: `Tag the commit as, for example, ${scheme.example}.`,
    };
  }
  if (facts?.commit === undefined) {
    return {
      rule,
      holds: false,
      code: "RA1303",
      saw: `there is no tag ${version.tag}`,
      next: `Push the tag: \`git tag ${version.tag} && git push origin ${version.tag}\`.`,
    };
  }
  const recorded = candidate.record?.passes.find((pass) => pass.release.commit !== facts.commit)
    ?.release.commit;
  if (recorded !== undefined) {
    return {
      rule,
      holds: false,
      code: "RA1307",
      saw: `the tag ${version.tag} is at ${facts.commit.slice(0, 7)}, and the ledger has it at ${recorded.slice(0, 7)}`,
    };
  }
  if (
    request.action === "release" &&
    !candidate.branches.some((branch) => facts.onBranch[branch])
  ) {
    return {
      rule,
      holds: false,
      code: "RA1304",
      saw: `commit ${facts.commit.slice(0, 7)} of ${version.tag} is not on ${candidate.branches.join(" or ") || `a branch that matches ${(pipeline.tag?.branch ?? []).join(", ")}`}`,
    };
  }
  return {
    rule,
    holds: true,
    saw: `${version.tag} is ${scheme.name}, at ${facts.commit.slice(0, 7)} on ${candidate.branches.find((branch) => facts.onBranch[branch]) ?? "no release branch any more"}`,
  };
}

/** Is the version higher than what the environment runs? Only asked where releases enter. */
export function judgeNewer({ pipeline, history, candidate }: RuleFacts): Finding | undefined {
  const scheme = schemeOf(pipeline.tag?.scheme ?? "semver", pipeline.tag?.prefix ?? "");
  const running = history.current?.passed.at(-1)?.release;
  const version = candidate.version;
  if (running === undefined || version === undefined || "wrong" in version) return undefined;
  const before = scheme.parse(running.tag);
  if ("wrong" in before || scheme.compare(before, version) <= 0) return undefined;
  return {
    rule: "newer",
    holds: false,
    code: "RA1305",
    saw: `${version.text} is older than ${running.version}, which runs`,
    next: "Choose a higher version, or start the action rollback.",
  };
}

/** Do the files of `tag.manifests` name the version? */
export function judgeManifests({ pipeline, candidate }: RuleFacts): Finding | undefined {
  const paths = pipeline.tag?.manifests ?? [];
  const version = candidate.version;
  if (
    paths.length === 0 ||
    version === undefined ||
    "wrong" in version ||
    candidate.facts?.commit === undefined
  )
    return undefined;
  return compareManifests(paths, candidate.facts.files, version);
}

/** @see judgeManifests */
export function compareManifests(
  paths: string[],
  files: Record<string, string | undefined>,
  version: Version,
): Finding {
  const wrong = paths.flatMap((path) => {
    const text = files[path];
    if (text === undefined) return [`${path} does not exist at the tag`];
    const said = manifestVersion(path, text);
    if ("wrong" in said) return [`${path}: ${said.wrong}`];
    return said.version === version.text
      ? []
      : [`${path} says ${said.version}, the tag says ${version.text}`];
  });
  return wrong.length > 0
    ? { rule: "manifests", holds: false, code: "RA1306", saw: wrong.join("; ") }
    : {
        rule: "manifests",
        holds: true,
        saw: `${paths.join(", ")} ${paths.length > 1 ? "say" : "says"} ${version.text}`,
      };
}

/** Are all images of the build there? Only asked where releases enter. */
export function judgeImages({ candidate, environment }: RuleFacts): Finding | undefined {
  if (environment.from !== undefined || candidate.facts?.commit === undefined) return undefined;
  if (candidate.ambiguous?.length)
    return {
      rule: "images",
      holds: false,
      code: "RA1210",
      saw: `the registry has several images of the commit that could be meant by ${candidate.ambiguous.join("; ")}`,
    };
  if (candidate.missing.length === 0) {
    const count = candidate.release?.components.length ?? 0;
    return {
      rule: "images",
      holds: true,
      saw: `${count} ${count === 1 ? "image is" : "images are"} in the registry`,
    };
  }
  return {
    rule: "images",
    holds: false,
    pending: true,
    code: "RA1206",
    saw: `the registry has no ${candidate.missing.join(", ")}`,
  };
}

/** Did these digests pass where this environment takes its releases from? */
export function judgeEvidence({
  pipeline,
  environment,
  request,
  candidate,
}: RuleFacts): Finding | undefined {
  const rule = "evidence";
  const where = testedIn(environment, request);
  if (where === undefined) return undefined;
  const version =
    candidate.version !== undefined && !("wrong" in candidate.version)
      ? candidate.version.text
      : candidate.given;
  const pass = lastPass(candidate.record, where);
  if (pass === undefined) {
    return {
      rule,
      holds: false,
      code: request.action === "rollback" ? "RA1204" : "RA1203",
      saw:
        request.action === "rollback"
          ? version === undefined
            ? `no earlier release is recorded for ${where}`
            : `${version} never passed in ${where}, so there is nothing recorded to go back to`
          : version === undefined
            ? `nothing has passed in ${where} yet`
            : `${version} has not passed in ${where}`,
    };
  }
  if (candidate.release !== undefined && !sameBuild(candidate.release, pass.release)) {
    return {
      rule,
      holds: false,
      code: "RA1203",
      saw: `${version} passed in ${where} with other digests than these (${pass.entry})`,
    };
  }
  const withdrawn = candidate.record?.withdrawn.findLast(
    (line) => line.environment === where && isLater(line.entry, pass.entry),
  );
  if (withdrawn !== undefined && request.action === "release") {
    return {
      rule,
      holds: false,
      code: "RA1203",
      saw: `${version} was rolled back in ${where} after it had passed (${withdrawn.entry}: ${withdrawn.reason})`,
    };
  }
  const role = pipeline.environments.find(({ name }) => name === where)?.["accept-by"];
  if (
    role !== undefined &&
    request.action === "release" &&
    acceptanceOf(candidate.record, where) === undefined
  ) {
    return {
      rule,
      holds: false,
      code: "RA5510",
      saw: `${version} passed in ${where} (${pass.entry}) and is not accepted there`,
      next: `${withPeople(pipeline.roles, role)} comments \`/accept ${version}\` in the release issue.`,
    };
  }
  return {
    rule,
    holds: true,
    saw: `${version} passed in ${where} with these digests (${pass.entry})`,
  };
}

/** Have the named checks succeeded on the released commit? None at all is not success. */
export function judgeStatusChecks(
  names: string[],
  checks: StatusCheck[] | undefined,
  commit: string | undefined,
): Finding | undefined {
  const rule = "status-checks";
  if (names.length === 0 || commit === undefined) return undefined;
  const states = names.map((name) => {
    const found = (checks ?? []).filter((check) => check.name === name);
    const failed = found.find((check) => check.state === "failed");
    const pending = found.find((check) => check.state === "pending");
    if (found.length === 0) return { state: "pending", saw: `${name} has not run` };
    if (failed) return { state: "failed", saw: `${name}: ${failed.said}` };
    return pending
      ? { state: "pending", saw: `${name}: ${pending.said}` }
      : { state: "success", saw: name };
  });
  const open = states.filter((check) => check.state !== "success");
  if (open.length === 0)
    return { rule, holds: true, saw: `${names.join(", ")} succeeded on ${commit.slice(0, 7)}` };
  return {
    rule,
    holds: false,
    code: "RA1207",
    saw: `on ${commit.slice(0, 7)}: ${open.map((check) => check.saw).join("; ")}`,
    ...(open.every((check) => check.state === "pending") ? { pending: true as const } : {}),
  };
}

/** May this person run it? */
export function judgeRunBy(
  roles: string[],
  people: Record<string, string[]>,
  actor: string,
): Finding | undefined {
  const rule = "run-by";
  if (roles.length === 0) return undefined;
  const held = roles.find((role) => holdsRole(people, role, actor));
  if (held !== undefined) return { rule, holds: true, saw: `@${actor} is ${held}` };
  const who = roles
    .map(
      (role) =>
        `${role} (${(people[role] ?? []).map((login) => `@${login.replace(/^@/, "")}`).join(", ")})`,
    )
    .join(" or ");
  return {
    rule,
    holds: false,
    code: "RA1202",
    saw: `@${actor} has not the role ${roles.join(" or ")}`,
    next: `${who} starts the workflow.`,
  };
}

/** May data be restored: does the file allow it, and is it the running release whose Job is meant? */
export function judgeRestore({
  environment,
  request,
  history,
  candidate,
}: RuleFacts): Finding | undefined {
  if (request.action !== "restore") return undefined;
  const rule = "restore";
  const refused = (saw: string, next: string): Finding => ({
    rule,
    holds: false,
    code: "RA1221",
    saw,
    next,
  });
  const { deploy, exceptions, name } = environment;
  if (exceptions?.restore === undefined || deploy?.restore === undefined)
    return refused(
      `${name} has no ${deploy?.restore === undefined ? "`deploy.restore`" : "`exceptions.restore`"}`,
      "Name the Job under `deploy.restore`, and who has to approve it under `exceptions.restore`.",
    );
  const running = runningRelease(history.current);
  const { release } = candidate;
  if (release !== undefined && (running === undefined || !sameBuild(release, running)))
    return refused(
      `${name} runs ${running?.version ?? "nothing that is recorded"}, not ${release.version}`,
      "Start the workflow without a version.",
    );
  return { rule, holds: true, saw: `${deploy.restore} of ${running?.version ?? "the release"}` };
}

/** Is the environment free? */
export function judgeLock({ history, environment }: RuleFacts): Finding {
  const rule = "lock";
  const { lock } = history;
  if (lock.state === "free")
    return { rule, holds: true, saw: `no other run works on ${environment.name}` };
  const { entry } = lock;
  const whose = `${entry.id} (${entry.action} ${entry.release.version} by @${entry.actor}, since ${entry.openedAt})`;
  if (lock.state === "abandoned")
    return {
      rule,
      holds: true,
      saw: `${whose} ended without an end in the ledger; this run takes over`,
    };
  return {
    rule,
    holds: false,
    code: "RA1201",
    saw: `${whose} works on ${environment.name}: ${entry.run.url}`,
    next: lock.unsure ?? "Wait for that run to end, or run it again if it was cancelled.",
  };
}
