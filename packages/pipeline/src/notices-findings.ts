import { codes, Fault, type Code, type Finding } from "@release-actions/codes";
import type { Notice } from "@release-actions/ledger";
import { readReceiver, secretOf, type Delivery } from "@release-actions/notify";
import type { Pipeline } from "./configuration/pipeline-file.ts";

/** Notices that somebody claimed and nobody settled. */
export type Abandoned = {
  /** Key to the time of the claim: of an earlier attempt of this run, or of a run that has ended. */
  keys: ReadonlyMap<string, string>;
  /** Claimed by a run that this job may not ask for. */
  unsure: readonly { key: string; next: string }[];
};

/** Which claims nobody will settle: one request for each other run that has one. @throws Fault RA50xx */
export async function abandoned(
  notices: readonly Notice[],
  run: number,
  hasEnded: (run: number) => Promise<boolean | undefined>,
): Promise<Abandoned> {
  const keys = new Map<string, string>();
  const unsure: { key: string; next: string }[] = [];
  const claims = notices.filter(({ state }) => state === "sending");
  for (const holder of new Set(claims.map((notice) => notice.run))) {
    const held = claims.filter((notice) => notice.run === holder);
    try {
      // A claim of this very run is an earlier attempt's or step's: this one has not claimed yet.
      const over = holder === undefined || holder === run || (await hasEnded(holder)) !== false;
      if (over) for (const { key, at } of held) keys.set(key, at);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "RA5003") throw error;
      unsure.push(...held.map(({ key }) => ({ key, next: error.next })));
    }
  }
  return { keys, unsure };
}

/** What people must know of the notices, one finding each; what an earlier run reported is not reported again. */
export function noticesFindings(about: {
  notices: readonly Notice[];
  pipeline: Pick<Pipeline, "notify">;
  env: Readonly<Record<string, string | undefined>>;
  results: ReadonlyMap<string, Delivery>;
  given: Abandoned;
  /** What the ledger refused. */
  trouble?: Fault;
}): Finding[] {
  const { results, given } = about;
  const findings = about.notices.flatMap((notice): Finding[] => {
    const result = results.get(notice.key);
    const what = `${notice.to} of “${notice.title}”`;
    if (result?.outcome === "sent") return [{ rule: "notices", holds: true, saw: `Told ${what}.` }];
    if (result?.outcome === "refused")
      return [warning("RA8201", `Could not tell ${what}: ${result.said}`)];
    if (result?.outcome === "unknown")
      return [warning("RA8202", `May have told ${what}: ${result.said}`)];
    if (given.keys.has(notice.key) && notice.state !== "sent" && notice.state !== "refused")
      return [
        warning(
          "RA8202",
          `May have told ${what}: the run that was to send it ended before it said so.`,
        ),
      ];
    const unsure = given.unsure.find(({ key }) => key === notice.key);
    if (unsure)
      return [
        warning(
          "RA8202",
          `Run ${notice.run} was to tell ${what}, and this job may not ask whether it has ended.`,
          unsure.next,
        ),
      ];
    return notice.state === "due" ? [waiting(notice, about)] : [];
  });
  const { trouble } = about;
  if (trouble === undefined) return findings;
  const sent = results.size > 0;
  return [
    ...findings,
    warning(
      "RA8205",
      `${sent ? "What came of the notices" : "The claim of the notices"} could not be written: ${trouble.saw}`,
      sent
        ? "Nothing to do now: the next run names these notices as unknown and does not send them again."
        : undefined,
    ),
  ];
}

function waiting(
  notice: Notice,
  about: {
    pipeline: Pick<Pipeline, "notify">;
    env: Readonly<Record<string, string | undefined>>;
    trouble?: Fault;
  },
): Finding {
  const what = `The notice to ${notice.to}, “${notice.title}”,`;
  const { mail, contacts = {} } = about.pipeline.notify ?? {};
  const variable = secretOf(notice.to, mail?.secret);
  const receiver = readReceiver(notice.to, { contacts, env: about.env });
  if (variable !== undefined && !about.env[variable]?.trim())
    return warning(
      "RA8203",
      `${what} waits: this job has no ${variable}.`,
      `Fill ${variable} from a secret under \`env:\` of the step that is to send it.`,
    );
  return receiver === undefined || (receiver.kind === "mail" && mail === undefined)
    ? warning(
        "RA8204",
        `${what} waits: the file has no address or server for ${notice.to} any more.`,
      )
    : warning("RA8205", `${what} was not sent.`);
}

function warning(code: Code, saw: string, next: string = codes[code].next): Finding {
  return { rule: "notices", holds: false, warning: true, code, saw, next };
}
