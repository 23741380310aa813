import { Fault } from "@release-actions/codes";
import { appendStep, readOptionalFiles, type LedgerHead } from "@release-actions/github";
import { markdownCode, markdownLink, markdownText } from "@release-actions/markdown";
import type { Step } from "@release-actions/plan";
import {
  createZenodo,
  readMetadata,
  type ReleaseFile,
  type ZenodoState,
} from "@release-actions/zenodo";
import { acceptedRelease } from "./accepted.ts";
import { readVersion } from "./candidate.ts";
import type { Pipeline } from "./configuration/pipeline-file.ts";
import { connect, findPipeline, type Connection, type Logins } from "./connect.ts";
import { readDeposit, type Deposit, type DepositLedger } from "./deposit.ts";
import type { ActionResult, Job } from "./job.ts";
import { lines } from "./report/summaries.ts";
import { givenVersion } from "./request.ts";
import { runToEnd } from "./run-to-end.ts";
import { schemeOf } from "@release-actions/versions";
import { workspaceFiles } from "./workspace-files.ts";

export type ZenodoDoiInputs = Logins & {
  step: "reserve" | "publish";
  server?: string;
  concept?: string;
  metadata?: string;
  files?: string[];
  environment?: string;
  version?: string;
  zenodoToken?: string;
  config?: string;
};

export type ZenodoDoiOutputs = {
  doi: string;
  conceptDoi: string;
  url: string;
  state: "reserved" | "published" | "in-review";
  reasons: string;
};

/** Reserves the DOI before the tag, or publishes the record after acceptance; either one again writes nothing. @throws Fault RA1001, RA1203, RA70xx */
export async function zenodoDoi(
  inputs: ZenodoDoiInputs,
  job: Job,
): Promise<ActionResult<ZenodoDoiOutputs>> {
  if (!inputs.zenodoToken)
    throw new Fault("RA1001", {
      saw: "`zenodo-token` is not given",
      next: "Add the secret to GitHub's environment and `zenodo-token: ${{ secrets.ZENODO_TOKEN }}` under `with:`.",
    });
  const connection = connect(inputs, job);
  const pipeline = inputs.config ? await findPipeline(connection, inputs.config) : undefined;
  const { version, tag } = await meant(connection, pipeline, inputs, job);
  const settings = pipeline?.zenodo ?? {};
  const ledger =
    pipeline === undefined ? undefined : await readDeposit(connection, pipeline, version);
  const { repository, serverUrl } = connection.github;
  const metadata = await metadataOf(
    connection,
    inputs.metadata ?? settings.metadata,
    inputs.step === "publish" ? `refs/tags/${tag}` : "HEAD",
    job,
  );
  const zenodo = createZenodo({
    transport: connection.transport,
    token: inputs.zenodoToken,
    ...withValue("server", inputs.server ?? settings.server),
  });
  const reservation = {
    key: `${serverUrl}/${repository.owner}/${repository.name}/releases/tag/${encodeURIComponent(tag)}`,
    version,
    metadata,
    ...withValue(
      "concept",
      inputs.concept === "none" ? undefined : (inputs.concept ?? settings.concept),
    ),
    ...withValue("depositionId", ledger?.recorded?.depositionId),
    // Only the ledger knows for certain that no earlier run has made a draft.
    resuming: job.env.runAttempt > 1 || ledger === undefined || inputs.step === "publish",
  };
  const { steps, state } =
    inputs.step === "reserve"
      ? zenodo.reserve(reservation)
      : zenodo.publish({
          ...reservation,
          files: await filesOf(connection, inputs.files ?? settings.files ?? [], tag, version, job),
        });
  for (const step of steps) await done(connection, step);
  const result = state();
  if (pipeline !== undefined && ledger !== undefined)
    await done(connection, recordStep(connection, pipeline, version, ledger, result));
  return {
    ok: true,
    outputs: {
      doi: result.doi,
      conceptDoi: result.conceptDoi,
      url: result.url,
      state: result.state,
      reasons: "[]",
    },
    summary: lines(
      `### DOI ${markdownText(result.doi)} is ${result.state} for ${markdownText(version)}`,
      "",
      result.state === "published"
        ? `${markdownLink("Open the record", result.url)}, ${markdownLink(`doi.org/${result.doi}`, `https://doi.org/${result.doi}`)}`
        : `The draft is at ${markdownLink(result.url, result.url)}; nobody else sees it before it is published.`,
      "",
      result.conceptDoi ? `All versions: ${markdownCode(result.conceptDoi)}` : "",
    ),
  };
}

async function meant(
  connection: Connection,
  pipeline: (Pipeline & { defaultBranch: string }) | undefined,
  inputs: ZenodoDoiInputs,
  job: Job,
): Promise<{ version: string; tag: string }> {
  const given = inputs.version ?? givenVersion(job);
  if (inputs.step === "publish" && pipeline !== undefined) {
    const { release } = await acceptedRelease(connection, pipeline, inputs.environment, given);
    return { version: release.version, tag: release.tag };
  }
  if (given === undefined)
    throw new Fault("RA1205", { saw: "`version` is not given, and the event has none" });
  const scheme = schemeOf(pipeline?.tag?.scheme ?? "semver", pipeline?.tag?.prefix ?? "");
  const version = readVersion(scheme, given);
  if (!("wrong" in version)) return { version: version.text, tag: version.tag };
  if (pipeline === undefined) return { version: given, tag: given };
  throw new Fault("RA1302", {
    saw: `${JSON.stringify(given)} is not a release of the scheme ${scheme.name}: ${version.wrong}`,
    next: `Name a version such as ${scheme.example}.`,
  });
}

async function metadataOf(connection: Connection, path: string | undefined, ref: string, job: Job) {
  const names = path === undefined ? [".zenodo.json", "CITATION.cff"] : [path];
  const files = await readOptionalFiles(connection.github, ref, names);
  const named = path === undefined ? undefined : files[path];
  if (path !== undefined && named === undefined)
    throw new Fault("RA5004", { saw: `${path} does not exist at ${ref}` });
  const isCff = path?.endsWith(".cff") ?? false;
  const citation = readMetadata({
    ...withValue(
      "zenodoJson",
      path === undefined ? files[".zenodo.json"] : isCff ? undefined : named,
    ),
    ...withValue(
      "citationCff",
      path === undefined ? files["CITATION.cff"] : isCff ? named : undefined,
    ),
  });
  for (const finding of citation.findings.filter((one) => one.warning))
    job.warn("Zenodo's metadata", finding.saw);
  const wrong = citation.findings.find((finding) => !finding.holds && !finding.warning);
  if (wrong !== undefined || citation.metadata === undefined) {
    throw new Fault(wrong?.code ?? "RA7011", {
      saw: wrong?.saw ?? "there is no metadata",
      ...withValue("next", wrong?.next),
    });
  }
  return citation.metadata;
}

async function filesOf(
  connection: Connection,
  globs: string[],
  tag: string,
  version: string,
  job: Job,
): Promise<ReleaseFile[]> {
  if (globs.length > 0)
    return workspaceFiles(job, globs).map(({ name, bytes }) => ({ name, bytes }));
  const { owner, name } = connection.github.repository;
  const bytes = await connection.github.download(
    `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}/zipball/refs/tags/${encodeURIComponent(tag)}`,
  );
  return [{ name: `${name}-${version.replaceAll(/[^A-Za-z0-9._-]/g, "-")}.zip`, bytes }];
}

/** The ledger keeps the deposition's id: Zenodo's search lags, and an id found there is only a hint. */
function recordStep(
  connection: Connection,
  pipeline: Pipeline,
  version: string,
  ledger: DepositLedger,
  state: ZenodoState,
): Step<LedgerHead> {
  const deposit: Deposit = {
    doi: state.doi,
    conceptDoi: state.conceptDoi,
    url: state.url,
    state: state.state,
    depositionId: state.depositionId,
  };
  const text = `${JSON.stringify(deposit, null, 2)}\n`;
  return appendStep(connection.github, {
    branch: pipeline.ledger.branch,
    title: `Record the DOI ${state.doi} in the ledger`,
    key: ledger.path,
    paths: [ledger.path],
    head: ledger.head,
    isThere: (head) => head.files[ledger.path] === text,
    next: () => ({ message: `DOI of ${version}: ${state.state}`, files: { [ledger.path]: text } }),
  });
}

async function done<T>(connection: Connection, step: Step<T>): Promise<T> {
  return (await runToEnd(step, connection.steps)).value;
}

function withValue<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [Key in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: Value };
}
