import { randomUUID } from "node:crypto";
import { Fault, type Finding } from "@release-actions/codes";
import { appendStep, readLedger, runHasEnded, type LedgerHead } from "@release-actions/github";
import {
  ledgerPaths,
  readVersionRecord,
  recordVersion,
  type Notice,
  type VersionRecord,
} from "@release-actions/ledger";
import { deliver, readReceiver, receiverKey, type Delivery } from "@release-actions/notify";
import { isLast, type Pipeline } from "./configuration/pipeline-file.ts";
import type { NoticeEvent } from "./configuration/schema.ts";
import type { Connection } from "./connect.ts";
import { claim, claimedBy, giveUp, settle, withNotices, type Claimant } from "./notices-claims.ts";
import { abandoned, noticesFindings, type Abandoned } from "./notices-findings.ts";
import { oneLine } from "./report/sentences.ts";
import { runToEnd } from "./run-to-end.ts";

export { claim, settle, withNotices } from "./notices-claims.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** The notices that an event makes due, by `notify.messages`: one for each receiver, however often the file names it. */
export function dueNotices(
  pipeline: Pipeline,
  about: {
    event: NoticeEvent;
    /** Absent for what belongs to no environment, such as `requested`. */
    environment?: string;
    /** The ledger entry or the decision that it is about: with event and receiver the natural key. */
    key: string;
    title: string;
    lines: Notice["lines"];
    /** RFC 3339. */
    at: string;
    /** Notices that the version's record has already; they are not made again. */
    known?: readonly Notice[] | undefined;
  },
): Notice[] {
  const { messages = [], contacts = {} } = pipeline.notify ?? {};
  const notices = new Map<string, Notice>();
  for (const message of messages) {
    if (!message.on.includes(about.event)) continue;
    if (!isMeant(pipeline, message.environments, about.environment)) continue;
    for (const to of message.to) {
      const receiver = receiverKey(to, contacts);
      if (receiver === undefined) continue;
      const key = `${about.key} ${about.event} ${receiver}`;
      if (notices.has(key) || about.known?.some((notice) => notice.key === key)) continue;
      notices.set(key, {
        key,
        event: about.event,
        ...(about.environment === undefined ? {} : { environment: about.environment }),
        to,
        state: "due",
        at: about.at,
        title: about.title,
        lines: about.lines,
      });
    }
  }
  return [...notices.values()];
}

function isMeant(
  pipeline: Pipeline,
  environments: string[] | undefined,
  environment: string | undefined,
): boolean {
  if (environment === undefined) return environments === undefined;
  return environments?.includes(environment) ?? isLast(pipeline, environment);
}

/** Can this job send it: does it have the address and the password that the file names? */
export function canSend(notice: Pick<Notice, "to">, pipeline: Pipeline, env: Variables): boolean {
  const { mail, contacts = {} } = pipeline.notify ?? {};
  const receiver = readReceiver(notice.to, { contacts, env });
  if (receiver === undefined) return false;
  if (receiver.kind !== "mail") return true;
  return mail !== undefined && (mail.secret === undefined || Boolean(env[mail.secret]));
}

export type SentNotices = {
  /** One for each notice that was looked at. What did not arrive is a warning, never a failure. */
  findings: Finding[];
  /** The version's record afterwards; undefined when there is none, or when it could not be read. */
  record: VersionRecord | undefined;
};

/**
 * Sends what is due for a version and can be sent by this job, each notice at most once: it is claimed in the ledger before it is
 * sent, and what an earlier attempt or an ended run left claimed is given up as unknown. Writes nothing when nothing is due.
 * `head`: a head of the ledger that the caller has read with the version's record; saves the read.
 * `notices`: some that are not recorded yet. `mark`: tells this call's claims from all others; random by default.
 */
export async function sendDue(
  connection: Connection,
  pipeline: Pipeline,
  version: string,
  run: { id: number },
  options: { head?: LedgerHead | undefined; notices?: readonly Notice[]; mark?: string } = {},
): Promise<SentNotices> {
  const { github, job } = connection;
  const path = ledgerPaths(pipeline.product, "").version(version);
  const recordIn = (head: LedgerHead): VersionRecord | undefined =>
    readVersionRecord(path, head.files[path]);
  const fresh = options.notices ?? [];
  let record: VersionRecord | undefined;
  let results: ReadonlyMap<string, Delivery> = new Map();
  let given: Abandoned = { keys: new Map(), unsure: [] };
  const findings = (trouble?: Fault): Finding[] =>
    noticesFindings({
      notices: record?.notices ?? fresh,
      pipeline,
      env: job.variables,
      results,
      given,
      ...(trouble ? { trouble } : {}),
    });

  // A team that tells nobody pays no request for it.
  if (pipeline.notify === undefined && fresh.length === 0)
    return { findings: [], record: options.head && recordIn(options.head) };
  try {
    // A file that is not among those of the caller's head may not have been asked for: it is never taken for an empty record.
    let head =
      options.head?.files[path] === undefined
        ? await readLedger(github, pipeline.ledger.branch, [path])
        : options.head;
    record = recordIn(head);
    const known = withNotices(record ?? { passes: [], withdrawn: [] }, fresh).notices ?? [];
    if (known.length === 0) return { findings: [], record };
    given = await abandoned(known, run.id, (id) => runHasEnded(github, id));
    const keys = new Set(
      known
        .filter(
          ({ state }) => state === "due" || (state === "refused" && connection.steps.resuming),
        )
        .filter((notice) => canSend(notice, pipeline, job.variables))
        .map(({ key }) => key),
    );
    const mine: Claimant = {
      id: run.id,
      at: keys.size === 0 ? "" : github.now().toISOString(),
      mark: options.mark ?? randomUUID(),
    };
    const append = async (
      key: string,
      title: string,
      change: (record: VersionRecord) => VersionRecord,
    ) => {
      const isThere = (at: LedgerHead): boolean => {
        const before = recordIn(at) ?? { passes: [], withdrawn: [] };
        return change(before) === before;
      };
      if (isThere(head)) return;
      const step = appendStep(github, {
        branch: pipeline.ledger.branch,
        title,
        key,
        paths: [path],
        head,
        isThere,
        next: (at) =>
          recordVersion(pipeline.product, version, recordIn(at), `${version}: ${title}`, change),
      });
      head = (await runToEnd(step, connection.steps)).value;
      record = recordIn(head);
    };

    const taken = [...keys].join(", ");
    await append(
      `${taken || version} claimed`,
      keys.size === 0
        ? "Keep the notices in the ledger"
        : `Claim ${count(keys.size)} in the ledger`,
      (before) => claim(giveUp(withNotices(before, fresh), given), keys, mine),
    );
    const claimed = claimedBy(record, mine);
    results = await sendEach(connection, pipeline, claimed);
    await append(`${taken} sent`, `Record what came of ${count(claimed.length)}`, (before) =>
      settle(before, results),
    );
    return { findings: findings(), record };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { findings: findings(error), record };
  }
}

/** Says in the job what did not arrive. */
export function sayNotices(job: Connection["job"], findings: Finding[]): void {
  for (const finding of findings.filter(({ holds }) => !holds))
    job.warn("A notice needs attention", oneLine([finding]));
}

async function sendEach(
  connection: Connection,
  pipeline: Pipeline,
  claimed: Notice[],
): Promise<Map<string, Delivery>> {
  const { job, transport, github } = connection;
  const { mail, contacts = {} } = pipeline.notify ?? {};
  const password = mail?.secret === undefined ? undefined : job.variables[mail.secret];
  if (password) job.mask(password);
  const results = new Map<string, Delivery>();
  for (const notice of claimed) {
    const receiver = readReceiver(notice.to, { contacts, env: job.variables });
    if (receiver === undefined) continue;
    if (receiver.kind !== "mail") maskAddress(job, receiver.url);
    const delivery = await deliver(
      {
        id: notice.key,
        title: notice.title,
        lines: notice.lines,
        event: notice.event,
        source: `${github.serverUrl}/${github.repository.owner}/${github.repository.name}`,
        at: notice.at,
      },
      receiver,
      {
        transport,
        env: job.variables,
        ...(mail
          ? { mail: { server: mail.server, from: mail.from, ...(password ? { password } : {}) } }
          : {}),
      },
    );
    job.say(`${delivery.outcome === "sent" ? "✓" : "✗"} Tell ${notice.to}: ${delivery.outcome}`);
    results.set(notice.key, delivery);
  }
  return results;
}

/** The debug log names addresses without their query. */
function maskAddress(job: Connection["job"], address: string): void {
  job.mask(address);
  const url = URL.parse(address);
  if (url !== null && url.pathname.length > 4) job.mask(url.pathname);
}

function count(notices: number): string {
  return notices === 1 ? "1 notice" : `${notices} notices`;
}
