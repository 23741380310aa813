import { randomUUID } from "node:crypto";
import { seal, unseal, type Saved } from "../saved.ts";
import { frame, json, type Clock, type Incoming, type Reply, type StandIn } from "../stand-in.ts";
import { createAnswers } from "./answers.ts";
import type { Call } from "./call.ts";
import { notBuilt } from "./call.ts";
import { createDeposits, type Deposit, type DepositsState } from "./deposits.ts";
import { routeBucket, routeDepositions } from "./legacy.ts";
import { readLegacy } from "./legacy-metadata.ts";
import { createLimiter, type Limits } from "./limits.ts";
import { Problem } from "./problem.ts";
import { routeCommunities, routeRecords } from "./rdm.ts";

/** A record or draft as a rehearsal sees it. */
export type ZenodoRecord = {
  id: string;
  /** Published or computed: the DOI that it has or will have. */
  doi: string;
  conceptId: string;
  conceptDoi: string;
  owner: string;
  /** 1 for the first version. */
  index: number;
  /** In the legacy form, as `.zenodo.json` has it. */
  metadata: Record<string, unknown>;
  files: { name: string; size: number; md5: string; content: Buffer }[];
  communities: string[];
  /** State of its community review, where it has one. */
  review?: "created" | "submitted" | "declined";
};

type Index = {
  /** Deposits that searches do not find yet, with the number of searches still to go. */
  unindexed: Map<string, number>;
  known: Set<string>;
  staleReads: number;
};

export type SavedZenodo = Saved<{ deposits: DepositsState; index: Index }>;

export type ZenodoStandIn = StandIn & {
  /** Published records, oldest first. */
  records(): ZenodoRecord[];
  drafts(): ZenodoRecord[];
  /** Publishes a record without a request, as history. */
  seedRecord(record: {
    owner: string;
    conceptId: string;
    id: string;
    /** Legacy metadata, as in `.zenodo.json`. */
    metadata: Record<string, unknown>;
    files?: Record<string, string | Uint8Array>;
    communities?: readonly string[];
  }): ZenodoRecord;
  /** What a curator does in the browser with a submitted draft. */
  decideReview(id: string, accept: boolean): void;
  /** A draft or record is found by a search only after so many later list requests. 0 = at once. */
  staleReads: number;
  /** Records, drafts, files and the next number; tokens and curators come from the options, limits count anew. */
  save(): SavedZenodo;
};

/**
 * Zenodo with both generations of its API over one state: legacy /api/deposit/depositions and InvenioRDM's /api/records.
 * `tokens` maps each access token to its user; answers' links name the host that was asked.
 */
export function createZenodoStandIn(options: {
  clock: Clock;
  tokens: Record<string, string>;
  /** Slug to the users who curate it. */
  communities?: Record<string, readonly string[]>;
  /** Recid of the first concept that is made; default 20000000. */
  firstId?: number;
  /** Bytes of all files of one record; default 50 GB. */
  quota?: number;
  limits?: { user: Limits; guest: Limits };
  saved?: SavedZenodo | undefined;
}): ZenodoStandIn {
  const saved = options.saved && unseal(options.saved);
  const users = [...new Set(Object.values(options.tokens))];
  const deposits = createDeposits({
    clock: options.clock,
    firstId: options.firstId ?? 20_000_000,
    quota: options.quota ?? 50e9,
    communities: Object.entries(options.communities ?? {}).map(([slug, curators]) => ({
      id: saved?.deposits.communityIds.get(slug) ?? randomUUID(),
      slug,
      curators,
    })),
    ...(saved && { saved: saved.deposits }),
  });
  const limiter = createLimiter(
    options.clock,
    options.limits ?? { user: { minute: 100, hour: 5000 }, guest: { minute: 60, hour: 2000 } },
  );
  const { unindexed, known, staleReads } = saved?.index ?? {
    unindexed: new Map<string, number>(),
    known: new Set<string>(),
    staleReads: 0,
  };

  const index = (): void => {
    for (const id of deposits.all.keys()) {
      if (!known.has(id) && standIn.staleReads > 0) unindexed.set(id, standIn.staleReads);
      known.add(id);
    }
  };
  const indexed = (): Deposit[] => {
    const found = [...deposits.all.values()].filter(({ id }) => !unindexed.has(id));
    for (const [id, left] of unindexed) {
      if (left <= 1) unindexed.delete(id);
      else unindexed.set(id, left - 1);
    }
    return found;
  };

  const route = async (request: Incoming): Promise<Reply> => {
    const token = tokenOf(request);
    const user =
      token === undefined || !Object.hasOwn(options.tokens, token)
        ? undefined
        : options.tokens[token];
    const counted = limiter(user ?? "guest", user !== undefined);
    if (counted.refusal) return counted.refusal;
    const reply = await answer(request, token, user);
    index();
    return { ...reply, headers: { ...counted.headers, ...reply.headers } };
  };

  const answer = async (
    request: Incoming,
    token: string | undefined,
    user: string | undefined,
  ): Promise<Reply> => {
    const path = decoded(request.url.pathname);
    if (path === undefined || path[0] !== "api")
      return json(404, { status: 404, message: "The requested URL was not found on the server." });
    if (token !== undefined && user === undefined) {
      const message =
        "The server could not verify that you are authorized to access the URL requested. You either supplied the wrong credentials (e.g. a bad password), or your browser doesn't understand how to supply the credentials required.";
      return json(401, { status: 401, message });
    }
    const call: Call = {
      request,
      path: path.slice(1),
      user,
      deposits,
      answers: createAnswers(
        deposits,
        users,
        `${/^(127\.|localhost)/.test(request.host) ? "http" : "https"}://${request.host}`,
      ),
      today: options.clock.now().toISOString().slice(0, 10),
      indexed,
    };
    try {
      if (call.path[0] === "deposit" && call.path[1] === "depositions")
        return await routeDepositions(call);
      if (call.path[0] === "files") return routeBucket(call);
      if (call.path[0] === "records") return routeRecords(call);
      if (call.path[0] === "communities") return routeCommunities(call);
      return notBuilt(call);
    } catch (error) {
      if (error instanceof Problem) return error.reply();
      throw error;
    }
  };

  const view = (deposit: Deposit): ZenodoRecord => ({
    id: deposit.id,
    doi: deposit.doi ?? deposits.doiOf(deposit.id),
    conceptId: deposit.concept.id,
    conceptDoi: deposits.doiOf(deposit.concept.id),
    owner: deposit.concept.owner,
    index: deposit.index,
    metadata: createAnswers(deposits, users, "https://zenodo.org").deposition(deposit)[
      "metadata"
    ] as Record<string, unknown>,
    files: [...deposit.files.values()].map(({ key, content, md5 }) => ({
      name: key,
      size: content.length,
      md5,
      content,
    })),
    communities: [...deposit.concept.communities],
    ...(deposit.concept.review ? { review: deposit.concept.review.status } : {}),
  });

  const standIn: ZenodoStandIn = Object.assign(
    frame({ name: "zenodo", clock: options.clock, route }),
    {
      records: () => [...deposits.all.values()].filter(({ published }) => published).map(view),
      drafts: () => [...deposits.all.values()].filter(({ published }) => !published).map(view),
      seedRecord: (seed: Parameters<ZenodoStandIn["seedRecord"]>[0]) => {
        const { metadata } = readLegacy(
          { metadata: structuredClone(seed.metadata) },
          options.clock.now().toISOString().slice(0, 10),
        );
        const files = seed.files ?? { "source.zip": `files of ${seed.id}` };
        const record = view(
          deposits.seed({ ...seed, metadata, files, communities: seed.communities ?? [] }),
        );
        known.add(record.id);
        return record;
      },
      decideReview: deposits.closeReview,
      staleReads,
      save: () =>
        seal({
          deposits: deposits.state(),
          index: { unindexed, known, staleReads: standIn.staleReads },
        }),
    },
  );
  return standIn;
}

/** The access token of the header, or of the query, where Zenodo takes it too. */
function tokenOf(request: Incoming): string | undefined {
  const header = /^Bearer (.+)$/i.exec(request.headers["authorization"] ?? "")?.[1];
  return header ?? request.url.searchParams.get("access_token") ?? undefined;
}

function decoded(path: string): string[] | undefined {
  try {
    return path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
