import type { Code, Finding } from "@release-actions/codes";
import {
  findDefaultBranch,
  openGitHub,
  readTagPlace,
  tagRefusal,
  tagStep,
  type GitHub,
} from "@release-actions/github";
import type { Current, Release, VersionRecord } from "@release-actions/ledger";
import type { Step } from "@release-actions/plan";
import type { Version } from "@release-actions/versions";
import type { Candidate } from "./candidate.ts";
import type { Pipeline } from "./configuration/pipeline-file.ts";
import type { Connection, Logins } from "./connect.ts";
import { releaseBranches } from "./release-branches.ts";

/** The repositories of a product's components, each seen with the token that reaches it. */
export type Sources = {
  /** `owner/repo`; this repository with its own token, others with the App's where there is one. */
  open(repository: string): GitHub;
  hasAppToken: boolean;
  /** Why no tag can be made there: GitHub's sentence, asked for once a run. */
  refusalToTag(repository: string, tag: string): Promise<string | undefined>;
  /** What a tag that does not exist yet means: it is made, it will be made by another run (`gate`, a dry run), it is missing. */
  missingTags: "make" | "plan" | "leave";
};

/** A release's tag in one repository of the product. */
export type RepositoryTag = {
  /** `owner/repo` */
  repository: string;
  tag: string;
  own: boolean;
  /** `planned`: to be made at `commit`. `unreachable`: the repository cannot be read. */
  state: "there" | "planned" | "missing" | "unreachable";
  commit?: string;
  /** The release branch that the commit is on. */
  branch?: string;
  /** The branches that it has to be on. */
  branches: string[];
  /** The commit that the ledger has for it. */
  recorded?: string;
  /** Why a planned tag cannot be made: GitHub's sentence, or that there is no token for it. */
  refused?: { by: "no-token" | "github"; saw: string };
  /** Another run makes it: what is missing for that only warns. */
  later?: true;
};

export type PlannedTag = { repository: string; tag: string; commit: string };

export function openSources(
  connection: Connection,
  logins: Logins,
  missingTags: Sources["missingTags"],
): Sources {
  const { job, transport, github } = connection;
  const hasAppToken = logins.appToken !== undefined && logins.appToken !== "";
  const opened = new Map<string, GitHub>([[nameOf(job.env.repository).toLowerCase(), github]]);
  const refusals = new Map<string, Promise<string | undefined>>();
  const sources: Sources = {
    hasAppToken,
    missingTags,
    refusalToTag: (repository, tag) => {
      const key = `${repository.toLowerCase()} ${tag}`;
      const known = refusals.get(key) ?? tagRefusal(sources.open(repository), tag);
      refusals.set(key, known);
      return known;
    },
    open: (repository) => {
      const key = repository.toLowerCase();
      const known = opened.get(key);
      if (known !== undefined) return known;
      const [owner = "", name = ""] = repository.split("/");
      const one = openGitHub({
        transport,
        token: (hasAppToken ? logins.appToken : logins.token) ?? "",
        repository: { owner, name },
        apiUrl: job.env.apiUrl,
        serverUrl: job.env.serverUrl,
      });
      opened.set(key, one);
      return one;
    },
  };
  return sources;
}

/** The product's repositories in the order of the file; this one first, where no component is in it. */
export function repositoriesOf(
  components: readonly { repository?: string | undefined }[],
  own: string,
): string[] {
  const named = components.map(({ repository }) => repository ?? own);
  const all = named.some((name) => same(name, own)) ? named : [own, ...named];
  return all.filter((name, index) => all.findIndex((other) => same(other, name)) === index);
}

/** The one branch on whose head a missing tag is made; undefined when several could be meant. */
export function branchToTag(branches: string[], defaultBranch: string): string | undefined {
  if (branches.includes(defaultBranch)) return defaultBranch;
  return branches.length === 1 ? branches[0] : undefined;
}

/** Has the run been asked for a version that may have no tag yet? A tag that an event told of is there or was taken away. */
export function asksForTag(connection: Pick<Connection, "job">): boolean {
  return /^(workflow|repository)_dispatch$/.test(connection.job.env.eventName);
}

/** What is known before the other repositories are asked. */
export type TagQuestion = {
  pipeline: Pipeline & { defaultBranch: string };
  version: Version;
  own: Pick<RepositoryTag, "state" | "commit" | "branch" | "branches">;
  record: VersionRecord | undefined;
  current: Current | undefined;
  dryRun: boolean;
};

/** The tag in every repository of the product. Writes nothing. @throws Fault RA50xx */
export async function readRepositoryTags(
  world: Pick<Connection, "github" | "job"> & { sources: Sources },
  question: TagQuestion,
): Promise<RepositoryTag[]> {
  const { pipeline, version, own } = question;
  const here = nameOf(world.github.repository);
  return Promise.all(
    repositoriesOf(pipeline.components, here).map(async (repository) =>
      same(repository, here)
        ? { repository: here, tag: version.tag, own: true, ...own }
        : readElsewhere(world.sources, repository, question),
    ),
  );
}

async function readElsewhere(
  sources: Sources,
  repository: string,
  { pipeline, version, record, current, dryRun }: TagQuestion,
): Promise<RepositoryTag> {
  const github = sources.open(repository);
  const base = { repository, tag: version.tag, own: false, branches: [] };
  const defaultBranch = await findDefaultBranch(github);
  if (defaultBranch === undefined) return { ...base, state: "unreachable" };
  const branches = await releaseBranches({ github }, { ...pipeline, defaultBranch });
  const place = await readTagPlace(github, { tag: version.tag, branches });
  const recorded = recordedCommit(repository, version, record, current);
  const about = { ...base, branches, ...(recorded === undefined ? {} : { recorded }) };
  if (place.commit !== undefined) {
    const branch = branches.find((one) => place.onBranch[one]);
    return {
      ...about,
      state: "there",
      commit: place.commit,
      ...(branch === undefined ? {} : { branch }),
    };
  }
  const branch = branchToTag(branches, defaultBranch);
  const head = branch === undefined ? undefined : place.heads[branch];
  if (sources.missingTags === "leave" || branch === undefined || head === undefined)
    return { ...about, state: "missing" };
  const later = sources.missingTags === "plan" || dryRun;
  const refused = await refusalToTag(sources, repository, version.tag, later);
  return {
    ...about,
    state: "planned",
    commit: head,
    branch,
    ...(later ? { later } : {}),
    ...(refused === undefined ? {} : { refused }),
  };
}

async function refusalToTag(
  sources: Sources,
  repository: string,
  tag: string,
  later: boolean,
): Promise<RepositoryTag["refused"]> {
  if (!sources.hasAppToken) return { by: "no-token", saw: "`app-token` is not given" };
  if (later) return undefined;
  const saw = await sources.refusalToTag(repository, tag);
  return saw === undefined ? undefined : { by: "github", saw };
}

/** The commit there that passed or was tried under this version. */
function recordedCommit(
  repository: string,
  version: Version,
  record: VersionRecord | undefined,
  current: Current | undefined,
): string | undefined {
  const tried = current?.latest.release.version === version.text ? [current.latest.release] : [];
  return [...(record?.passes.map((pass) => pass.release) ?? []), ...tried]
    .flatMap(({ components }) => components)
    .find((one) => one.repository !== undefined && same(one.repository, repository))?.commit;
}

/** Is the tag in every repository of the product, or can it be made there? Undefined where the own tag says it all. */
export function judgeRepositoryTags(candidate: Candidate): Finding | undefined {
  const { tags = [] } = candidate;
  if (tags.every((tag) => tag.own && tag.state !== "planned")) return undefined;
  const rule = "tag";
  const wrong = tags.flatMap((tag) => {
    const trouble = troubleOf(tag);
    return trouble === undefined ? [] : [{ ...trouble, tag }];
  });
  const [first] = wrong;
  if (first === undefined) return { rule, holds: true, saw: tags.map(stateOf).join("; ") };
  // A sentence for each; the first one's code leads to the page that explains it.
  const next = first.code === "RA1308" ? linesForAppToken(tags) : first.next;
  return {
    rule,
    holds: false,
    code: first.code,
    saw: wrong.map(({ saw }) => saw).join("; "),
    ...(next === undefined ? {} : { next }),
    ...(wrong.every(({ code, tag }) => code === "RA1308" && tag.later)
      ? { warning: true as const }
      : {}),
  };
}

function troubleOf(one: RepositoryTag): { code: Code; saw: string; next?: string } | undefined {
  const { repository, tag, commit, recorded } = one;
  // The repository of the pipeline is the rule `tag` of its own.
  if (one.own) return undefined;
  if (one.state === "unreachable")
    return { code: "RA1309", saw: `${repository} does not exist, or the token does not reach it` };
  if (one.state === "missing" || commit === undefined)
    return {
      code: "RA1303",
      saw: `${repository} has no tag ${tag}, and no one branch of ${one.branches.join(", ") || "its branches"} on which to make it`,
    };
  if (recorded !== undefined && recorded !== commit)
    return one.state === "there"
      ? {
          code: "RA1307",
          saw: `the tag ${tag} of ${repository} is at ${short(commit)}, and the ledger has it at ${short(recorded)}`,
        }
      : {
          code: "RA1307",
          saw: `the tag ${tag} of ${repository} is gone, and the ledger has it at ${short(recorded)}`,
        };
  if (one.branch === undefined)
    return {
      code: "RA1304",
      saw: `commit ${short(commit)} of ${tag} in ${repository} is not on ${one.branches.join(" or ") || "a release branch"}`,
    };
  if (one.refused === undefined) return undefined;
  return {
    code: "RA1308",
    saw: `${repository} has no tag ${tag} yet, and it cannot be made: ${one.refused.saw}`,
  };
}

function stateOf({ repository, tag, state, commit, branch }: RepositoryTag): string {
  const where = `${repository} at ${short(commit ?? "")}`;
  return state === "planned"
    ? `${tag} will be made in ${where}, the head of ${branch ?? "its branch"}`
    : `${tag} is in ${where}`;
}

/** The step and the input that the workflow lacks, for the repositories that need them. */
function linesForAppToken(tags: readonly RepositoryTag[]): string {
  const asked = tags.filter(({ own, state }) => !own && state === "planned");
  const owners = [...new Set(asked.map(({ repository }) => repository.split("/")[0] ?? ""))];
  const names = asked.map(({ repository }) => repository.split("/")[1] ?? "").join(",");
  return (
    `Install a GitHub App with \`contents: write\` on ${asked.map(({ repository }) => repository).join(" and ")}. ` +
    `Add before this step: \`- {id: app, uses: actions/create-github-app-token@v3, with: {app-id: '\${{ vars.RELEASE_APP_ID }}', private-key: '\${{ secrets.RELEASE_APP_KEY }}', owner: ${owners[0] ?? ""}, repositories: '${names}', permission-contents: write}}\` ` +
    `and to its \`with:\` the line \`app-token: \${{ steps.app.outputs.token }}\`.`
  );
}

/** What is still to be made, in the order of the file. */
export function plannedTags(tags: readonly RepositoryTag[]): PlannedTag[] {
  return tags.flatMap(({ repository, tag, state, commit }) =>
    state === "planned" && commit !== undefined ? [{ repository, tag, commit }] : [],
  );
}

/** The tags of a release whose entry is open: for a run that continues it and does not know which were made. */
export function tagsOfRelease(release: Release, own: string): PlannedTag[] {
  return repositoriesOf(release.components, own).flatMap((repository) => {
    const commit = same(repository, own)
      ? release.commit
      : release.components.find((one) => one.repository && same(one.repository, repository))
          ?.commit;
    return commit === undefined ? [] : [{ repository, tag: release.tag, commit }];
  });
}

/** The steps that make the tags, after the ledger's entry is open. Each looks first; none moves a tag. */
export function tagSteps(
  sources: Sources,
  planned: readonly PlannedTag[],
): Step<{ commit: string }>[] {
  return planned.map(({ repository, tag, commit }) =>
    tagStep(sources.open(repository), { tag, commit }),
  );
}

/** Where a component's source is, if it is elsewhere, and its commit there. */
export function commitOfComponent(
  tags: readonly RepositoryTag[],
  component: { repository?: string | undefined },
): { repository?: string; commit?: string } {
  const { repository } = component;
  const tag = tags.find((one) =>
    repository === undefined ? one.own : same(one.repository, repository),
  );
  return {
    ...(tag === undefined || tag.own ? {} : { repository: tag.repository }),
    ...(tag?.commit === undefined ? {} : { commit: tag.commit }),
  };
}

export function nameOf(repository: { owner: string; name: string }): string {
  return `${repository.owner}/${repository.name}`;
}

/** GitHub's names are the same in any case of their letters. */
function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function short(commit: string): string {
  return commit.slice(0, 7);
}
