import { refuse, type Refusal } from "@release-actions/codes";
import type { Comment } from "@release-actions/github";
import { lastBrought, type Decision, type VersionRecord } from "@release-actions/ledger";
import type { EnvironmentSettings } from "../configuration/pipeline-file.ts";
import type { Connection } from "../connect.ts";
import { holdsRole, withPeople } from "../gate/approvals.ts";
import type { Command } from "../gate/command.ts";
import { overridingRoles } from "../gate/refusals.ts";
import { dueNotices, withNotices } from "../notices.ts";
import { acceptIn } from "./accept.ts";
import { writeRecord, type Book, type LoadedPipeline } from "./book.ts";
import { candidateOf, lastEnvironment, standingPass, standingRefusals } from "./state.ts";

/** What a command comes to: recorded, with the answer to it, or refused. */
export type Judged = { record: VersionRecord; said: string } | { refusal: Refusal };

/** Judges a command by the roles of the file and records it. @throws Fault RA50xx */
export async function decide(
  connection: Connection,
  pipeline: LoadedPipeline,
  book: Book,
  comment: Comment,
  command: Command,
): Promise<Judged> {
  const version = book.version.text;
  if (book.record?.issue?.state === "closed")
    return { refusal: refuse("RA1214", `the release issue of ${version} is closed`) };
  if ("version" in command && command.version !== version)
    return {
      refusal: refuse(
        "RA5508",
        `this issue is about ${version}, and the command names ${JSON.stringify(command.version.slice(0, 100))}`,
      ),
    };
  const by = { login: comment.login, at: comment.createdAt, url: comment.url, comment: comment.id };
  switch (command.kind) {
    case "accept": {
      const accepted = await acceptIn(connection, pipeline, book, {
        version,
        login: comment.login,
        comment: { id: comment.id, url: comment.url, at: comment.createdAt },
      });
      if ("refusal" in accepted) return accepted;
      return {
        record: accepted.record,
        said: `${version} is accepted in ${accepted.acceptance.environment} by @${accepted.acceptance.login}. It can be published now.`,
      };
    }
    case "approve": {
      const judged = judgeApproval(pipeline, book, comment.login, command);
      if ("refusal" in judged) return judged;
      const { kind, digest, environment, despite } = command;
      const record = await recordDecision(connection, pipeline, book, {
        kind,
        ...by,
        role: judged.role,
        ...(digest === undefined ? {} : { digest }),
        ...(environment === undefined ? {} : { environment }),
        ...(despite === undefined ? {} : { despite }),
      });
      return { record, said: approvalAnswer(pipeline, book, record, judged.role, comment.login) };
    }
    case "refuse": {
      const role = Object.keys(pipeline.roles).find((name) =>
        holdsRole(pipeline.roles, name, comment.login),
      );
      if (role === undefined)
        return notAllowed(
          pipeline,
          comment.login,
          Object.keys(pipeline.roles),
          `refuses ${version}`,
        );
      if (command.reason === undefined)
        return {
          refusal: refuse(
            "RA5506",
            "reason needed",
            `Write \`/refuse ${version} <what is wrong>\`.`,
          ),
        };
      const record = await recordDecision(connection, pipeline, book, {
        kind: command.kind,
        ...by,
        role,
        reason: command.reason,
      });
      return {
        record,
        said: `${version} is refused, and does not go on before somebody who approves writes /approve ${version} despite #${comment.id}`,
      };
    }
    case "rollback": {
      const place = runningWhere(pipeline, book);
      if (place === undefined)
        return {
          refusal: refuse(
            "RA5509",
            `${version} does not run in ${lastEnvironment(pipeline)?.name ?? "the last environment"}`,
          ),
        };
      const roles = place.exceptions?.rollback?.["run-by"] ?? place.gate?.["run-by"] ?? [];
      const role = roles.find((name) => holdsRole(pipeline.roles, name, comment.login));
      if (role === undefined)
        return notAllowed(pipeline, comment.login, roles, `takes ${version} back in ${place.name}`);
      if (command.reason === undefined)
        return { refusal: refuse("RA5506", "reason needed", "Write `/rollback <what is wrong>`.") };
      const record = await recordDecision(connection, pipeline, book, {
        kind: command.kind,
        ...by,
        role,
        environment: place.name,
        reason: command.reason,
      });
      return { record, said: `${place.name} is to be rolled back, as @${comment.login} asked.` };
    }
  }
}

function judgeApproval(
  pipeline: LoadedPipeline,
  book: Book,
  login: string,
  command: Extract<Command, { kind: "approve" }>,
): { role: string } | { refusal: Refusal } {
  const version = book.version.text;
  const places = pipeline.environments.filter(
    ({ name }) => command.environment === undefined || name === command.environment,
  );
  if (places.length === 0)
    return {
      refusal: refuse("RA5508", `there is no environment ${JSON.stringify(command.environment)}`),
    };
  const required = places.flatMap(({ gate }) => gate?.approvals ?? []);
  const roles =
    command.despite === undefined
      ? [...new Set(required.map(({ role }) => role))]
      : overridingRoles(pipeline, required);
  const role = roles.find((name) => holdsRole(pipeline.roles, name, login));
  if (role === undefined) return notAllowed(pipeline, login, roles, `approves ${version}`);
  const { digest } = command;
  const digests = (book.record?.passes ?? []).flatMap(({ release }) =>
    release.components.map((one) => one.digest),
  );
  if (digest !== undefined && !digests.some((known) => known.startsWith(digest)))
    return { refusal: refuse("RA5508", `no tested build of ${version} has the digest ${digest}`) };
  const refused = (book.record?.decisions ?? []).some(
    ({ kind, comment }) => kind === "refuse" && comment === command.despite,
  );
  return command.despite !== undefined && !refused
    ? {
        refusal: refuse("RA5508", `no refusal of ${version} is in the comment #${command.despite}`),
      }
    : { role };
}

function approvalAnswer(
  pipeline: LoadedPipeline,
  book: Book,
  record: VersionRecord,
  role: string,
  login: string,
): string {
  const version = book.version.text;
  const from = lastEnvironment(pipeline)?.from;
  const said = `The approval of ${version} by @${login} as ${role} is recorded.`;
  const [standing] = standingRefusals(record);
  if (standing !== undefined)
    return `${said} It does not override the refusal by @${standing.login}: for that, write /approve ${version} despite #${standing.comment}`;
  return from !== undefined &&
    standingPass(record, from) === undefined &&
    candidateOf(pipeline, record) === undefined
    ? `${said} ${version} has not passed in ${from} yet: write the approval again after that, since it is about what was tested.`
    : said;
}

function notAllowed(
  pipeline: LoadedPipeline,
  login: string,
  roles: string[],
  does: string,
): { refusal: Refusal } {
  const who = roles.map((role) => withPeople(pipeline.roles, role)).join(" or ");
  const teams = roles.some((role) =>
    (pipeline.roles[role] ?? []).some((member) => member.includes("/")),
  );
  return {
    refusal: refuse(
      "RA5505",
      `not allowed: @${login} has not the role ${roles.join(" or ") || "that this needs; the file names none"}`,
      `${who === "" ? "Nobody" : `Ask ${who}, who`} ${does}.${teams ? " Who is in a team is known only with the input `app-token`." : ""}`,
    ),
  };
}

/** Where the version runs, or was left half-way: the last environment of the chain. */
function runningWhere(pipeline: LoadedPipeline, book: Book): EnvironmentSettings | undefined {
  const last = lastEnvironment(pipeline);
  const brought = last === undefined ? undefined : lastBrought(book.current[last.name]);
  return brought?.version === book.version.text ? last : undefined;
}

async function recordDecision(
  connection: Connection,
  pipeline: LoadedPipeline,
  book: Book,
  decision: Decision,
): Promise<VersionRecord> {
  const version = book.version.text;
  const event =
    decision.kind === "approve" ? "approved" : decision.kind === "refuse" ? "refused" : undefined;
  const environment = decision.environment ?? lastEnvironment(pipeline)?.name;
  const notices =
    event === undefined
      ? []
      : dueNotices(pipeline, {
          event,
          ...(environment === undefined ? {} : { environment }),
          key: `comment-${decision.comment}`,
          title: `${pipeline.product} ${version} is ${event}`,
          lines: [
            { label: "Version", text: version },
            { label: "By", text: `${decision.login} (${decision.role})`, url: decision.url },
            ...(decision.reason === undefined ? [] : [{ label: "Reason", text: decision.reason }]),
          ],
          at: decision.at,
          known: book.record?.notices,
        });
  const isThere = (record: VersionRecord | undefined): boolean =>
    (record?.decisions ?? []).some(({ comment }) => comment === decision.comment);
  return writeRecord(connection, pipeline, book, {
    title: `Record the decision of ${decision.login}`,
    key: `decision ${decision.comment}`,
    message: `${version}: ${decision.kind} by ${decision.login}`,
    isThere,
    change: (record) =>
      withNotices({ ...record, decisions: [...(record.decisions ?? []), decision] }, notices),
  });
}
