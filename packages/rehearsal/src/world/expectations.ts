import { createHash } from "node:crypto";
import type { RecordedRequest } from "@release-actions/stand-ins";
import { splitImage } from "./builds.ts";
import type { Expectation, Kinds } from "./expectation-language.ts";
import {
  all,
  brief,
  checksumMisses,
  jsonMisses,
  oneLine,
  same,
  textMisses,
  type Seen,
} from "./comparison.ts";
import { seenChat, seenMail } from "./message-expectations.ts";
import { kindOf } from "./names.ts";
import { requestOf } from "./outgoing.ts";
import { fill, valueAt } from "./placeholders.ts";
import type { RunRecord } from "./runs.ts";
import { seenIssue, seenPull } from "./subject-expectations.ts";
import { endOfActs, type World } from "./world.ts";

/** Looks at the rehearsed world; never throws for what it sees there. */
export async function observe(world: World, expectation: Expectation): Promise<Seen> {
  const kind = kindOf(expectation);
  const look = looks[kind] as (world: World, wanted: unknown) => Seen | Promise<Seen>;
  try {
    return await look(world, filled(world, expectation[kind]));
  } catch (error) {
    return { holds: false, saw: error instanceof Error ? error.message : String(error) };
  }
}

type Looks = { [Kind in keyof Kinds]: (world: World, wanted: Kinds[Kind]) => Seen | Promise<Seen> };

const looks: Looks = {
  run: (world, wanted) => {
    const runs = world.runs.all.filter(
      (run) => run.act === wanted.of && isOf(run.path, wanted.workflow),
    );
    const conclusionOf = (run: RunRecord): string => run.result?.conclusion ?? "waiting";
    if (runs.length === 0)
      return { holds: wanted.is === "none", saw: `GitHub: ${wanted.of} started no run` };
    const ended = runs.map(
      (run) =>
        `${run.name} #${run.number}${run.attempt > 1 ? `, attempt ${run.attempt}` : ""}: ${run.result?.conclusion ?? "?"}`,
    );
    return {
      holds: runs.every((run) => conclusionOf(run) === wanted.is),
      saw: `GitHub: ${ended.join("; ")}`,
    };
  },

  job: (world, wanted) => {
    const run = world.runOf(wanted.of, wanted.workflow);
    const job = run.result?.jobs[wanted.job];
    if (!job) return { holds: false, saw: `${run.name} has no job ${wanted.job}` };
    const outputs = Object.entries(wanted.outputs).map(([name, value]) => ({
      name,
      value,
      saw: job.outputs[name],
    }));
    return {
      holds: job.result === wanted.is && outputs.every(({ value, saw }) => saw === value),
      saw: `GitHub: job ${wanted.job} ended with ${job.result}${outputs.map(({ name, saw }) => `, ${name}=${saw ?? "(none)"}`).join("")}`,
    };
  },

  tag: (world, wanted) => {
    const seen = componentsOf(world, wanted.components).map((name) => {
      const { host, repository } = splitImage(world.pipeline.file.components[name]?.image ?? "");
      const digest = world.registryOf(host).tags(repository)[wanted.name];
      const right = wanted.is === "none" ? undefined : world.buildOf(wanted.is).digests[name];
      return {
        holds: digest === right,
        saw: `${repository}:${wanted.name} is ${digest ? `${brief(digest)} (${world.nameOf(digest)})` : "not there"}`,
      };
    });
    return all("registry", seen);
  },

  running: (world, wanted) => {
    const pods = world.podsOf(wanted.cluster);
    const seen = componentsOf(world, wanted.components).map((name) => {
      const image = world.pipeline.file.components[name]?.image ?? "";
      const own = pods.filter((pod) => pod.image === image);
      const right = wanted.is === "none" ? undefined : world.buildOf(wanted.is).digests[name];
      const good = own.filter(
        (pod) =>
          pod.ready &&
          pod.digest === right &&
          (wanted.pinned === undefined || pod.pinned === wanted.pinned),
      );
      const each = [
        ...new Set(
          own.map(
            (pod) =>
              `${brief(pod.digest)} (${world.nameOf(pod.digest)})${pod.ready ? "" : ", not ready"}${pod.pinned ? "" : ", named by a tag"}`,
          ),
        ),
      ];
      const count = wanted.replicas ?? Math.max(own.length, 1);
      return {
        holds:
          right === undefined
            ? own.length === 0
            : good.length === own.length && good.length === count,
        saw: `${name} has ${own.length} pod${own.length === 1 ? "" : "s"}${own.length > 0 ? ` of ${each.join(" and ")}` : ""}`,
      };
    });
    return all(`cluster ${wanted.cluster}`, seen);
  },

  answers: async (world, wanted) => {
    const answer = await requestOf(world, { method: "GET", url: wanted.get });
    const body = answer.body.toString("utf8");
    const misses = [
      ...(answer.status === wanted.status ? [] : [`status ${answer.status}`]),
      ...jsonMisses(body, wanted.json),
      ...textMisses(body, wanted.contains),
    ];
    return {
      holds: misses.length === 0,
      saw: `${wanted.get} answered ${answer.status} ${oneLine(body)}`,
    };
  },

  writes: (world, wanted) => {
    const seen = Object.entries(wanted.to).map(([name, count]) => {
      const writes = between(world, wanted.since, wanted.until, name).filter(
        (request) => request.wrote,
      );
      const named = writes.slice(0, 5).map((request) => `${request.method} ${request.path}`);
      return {
        holds: count === "some" ? writes.length > 0 : writes.length === count,
        saw: `${name} was written to ${writes.length} times${named.length > 0 ? ` (${named.join(", ")})` : ""}`,
      };
    });
    return all(`since ${wanted.since}${wanted.until ? ` until ${wanted.until}` : ""}`, seen);
  },

  requests: (world, wanted) => {
    const pattern = new RegExp(wanted.path ?? "");
    const matching = between(world, wanted.since, wanted.until, wanted.to).filter(
      (request) =>
        (wanted.method === undefined || request.method === wanted.method) &&
        pattern.test(request.path),
    );
    return {
      holds: matching.length === wanted.count,
      saw: `${wanted.to} saw ${matching.length} requests ${wanted.method ?? ""} ${wanted.path ?? ""}`.trimEnd(),
    };
  },

  release: (world, wanted) => {
    const release = world.repository.releases.find((one) => one.tag === wanted.tag);
    if (!release)
      return { holds: wanted.is === "none", saw: `GitHub has no release ${wanted.tag}` };
    const state = release.draft ? "draft" : "published";
    const assets = release.assets.map((asset) => asset.name);
    const misses = [
      ...(state === wanted.is ? [] : [`it is ${state}`]),
      ...textMisses(release.body, wanted.contains),
      ...wanted.assets.filter((name) => !assets.includes(name)).map((name) => `no asset ${name}`),
      ...checksumMisses(release.assets),
    ];
    return {
      holds: misses.length === 0,
      saw: [
        `GitHub: release ${wanted.tag} is ${state}`,
        ...(assets.length > 0 ? [`with ${assets.join(", ")}`] : []),
        ...(misses.length > 0 ? misses : wanted.contains.map((text) => `it says "${text}"`)),
      ].join("; "),
    };
  },

  record: async (world, wanted) => {
    const found = world.recordOf(wanted.version);
    if (!found)
      return {
        holds: wanted.is === "none",
        saw: `Zenodo has no record of version ${wanted.version}`,
      };
    const { record, state } = found;
    const files = new Map(record.files.map((file) => [file.name, file.md5.replace(/^md5:/, "")]));
    const checked = await Promise.all(
      Object.entries(wanted.files).map(async ([name, as]) => {
        const right = as.startsWith("zipball ")
          ? await zipballSum(world, as.slice("zipball ".length))
          : as;
        return {
          name,
          holds: files.has(name) && (right === "any" || files.get(name) === right),
          as,
        };
      }),
    );
    const misses = [
      ...(state === wanted.is ? [] : [`it is ${state}`]),
      ...(wanted.doi === undefined || wanted.doi === record.doi
        ? []
        : [`its DOI is ${record.doi}`]),
      ...checked.filter(({ holds }) => !holds).map(({ name, as }) => `${name} is not ${as}`),
      ...Object.entries(wanted.metadata)
        .filter(([path, value]) => !same(valueAt(record.metadata, path), value))
        .map(([path]) => `${path} is ${JSON.stringify(valueAt(record.metadata, path))}`),
    ];
    const listed = [...files].map(([name, md5]) => `${name} (md5 ${md5})`);
    return {
      holds: misses.length === 0,
      saw: [
        `Zenodo: ${record.doi} of version ${wanted.version} is ${state}, with ${listed.join(", ") || "no files"}`,
        ...misses,
      ].join("; "),
    };
  },

  file: (world, wanted) => {
    const repository = world.repositoryOf(wanted.repository);
    const text = repository.file(wanted.path, wanted.branch);
    const at = `${wanted.path} on ${wanted.branch}${repository === world.repository ? "" : ` of ${repository.fullName}`}`;
    if (text === undefined) return { holds: wanted.is === "none", saw: `git: there is no ${at}` };
    if (wanted.is === "none") return { holds: false, saw: `git: ${at} is there` };
    const misses = [
      ...jsonMisses(text, wanted.json),
      ...textMisses(text, wanted.contains),
      ...wanted.lacks.filter((one) => text.includes(one)).map((one) => `"${one}" is in it`),
    ];
    const values = Object.keys(wanted.json).map(
      (path) => `${path} = ${JSON.stringify(valueAt(JSON.parse(text), path))}`,
    );
    return {
      holds: misses.length === 0,
      saw: `git: ${at}${values.length > 0 ? `: ${values.join(", ")}` : " is there"}${misses.length > 0 ? `; ${misses.join("; ")}` : ""}`,
    };
  },

  issue: (world, wanted) => seenIssue(world, wanted),
  pull: (world, wanted) => seenPull(world, wanted),
  milestone: (world, wanted) => {
    const repository = world.repositoryOf(wanted.repository);
    const found = repository.milestones.find(({ title }) => title === wanted.title);
    const state = found?.state ?? "none";
    return { holds: state === wanted.is, saw: `GitHub: milestone ${wanted.title} is ${state}` };
  },
  "git-tag": (world, wanted) => {
    const repository = world.repositoryOf(wanted.repository);
    const sha = repository.log(`refs/tags/${wanted.name}`)[0];
    const right = wanted.is === "none" ? undefined : world.shaOf(wanted.is);
    return {
      holds: sha === right,
      saw: `git: tag ${wanted.name} of ${repository.fullName} is ${sha?.slice(0, 7) ?? "not there"}`,
    };
  },
  mail: (world, wanted) => seenMail(world, wanted),
  chat: (world, wanted) => seenChat(world, wanted),

  deployment: (world, wanted) => {
    const sha = wanted.of === undefined ? undefined : world.shaOf(wanted.of);
    const own = world.repository.deployments.filter(
      (one) => one.environment === wanted.environment && (sha === undefined || one.sha === sha),
    );
    const last = own.at(-1);
    const state = last?.statuses.at(-1)?.state ?? (last ? "pending" : "none");
    return {
      holds: state === wanted.is && (wanted.count === undefined || wanted.count === own.length),
      saw: `GitHub: ${own.length} deployments into ${wanted.environment}${last ? `, the last of ${last.sha.slice(0, 7)} is ${state}` : ""}`,
    };
  },

  message: (world, wanted) => {
    const run = world.runOf(wanted.of, wanted.workflow);
    const words = Object.values(run.result?.jobs ?? {})
      .flatMap((job) => [
        job.summary,
        ...job.annotations.map((one) => `${one.title ?? ""} ${one.message}`),
      ])
      .join("\n");
    const misses = textMisses(words, wanted.contains);
    return {
      holds: misses.length === 0,
      saw: misses.length === 0 ? `${run.name} said it` : `${run.name}: ${misses.join("; ")}`,
    };
  },
};

const isOf = (path: string, workflow: string | undefined): boolean =>
  workflow === undefined || path.endsWith(`/${workflow}`);

const componentsOf = (world: World, named: readonly string[] | undefined): readonly string[] =>
  named ?? Object.keys(world.pipeline.file.components);

/** The md5 of the archive that GitHub hands out for a tag. */
async function zipballSum(world: World, tag: string): Promise<string> {
  const { owner, name } = world.repository;
  const by = Object.keys(world.pipeline.file.people)[0] ?? "";
  const headers = { authorization: `Bearer ${world.personalToken(by)}`, "user-agent": "rehearsal" };
  const url = `${world.github.links.api}/repos/${owner}/${name}/zipball/refs/tags/${encodeURIComponent(tag)}`;
  const first = await requestOf(world, { method: "GET", url, headers });
  const location = first.headers["location"];
  const answer = location
    ? await requestOf(world, {
        method: "GET",
        url: location,
        headers: { "user-agent": "rehearsal" },
      })
    : first;
  return answer.status === 200
    ? createHash("md5").update(answer.body).digest("hex")
    : `not there (${answer.status})`;
}

/** Requests to a stand-in from the start of one act to the start of another; from the beginning, to the end. */
function between(
  world: World,
  since: string | undefined,
  until: string | undefined,
  standIn: string,
): readonly RecordedRequest[] {
  const mark = (act: string | undefined, name: string): number | undefined =>
    act === undefined ? undefined : world.traces.get(act)?.before[name];
  return world
    .standInsCalled(standIn)
    .flatMap(({ name, requests }) =>
      requests.slice(mark(since, name) ?? 0, mark(until ?? endOfActs, name)),
    );
}

function filled(world: World, value: unknown): unknown {
  if (typeof value === "string") return fill(value, (kind, name) => world.meaning(kind, name));
  if (Array.isArray(value)) return value.map((one) => filled(world, one));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [filled(world, key), filled(world, one)]),
  );
}
