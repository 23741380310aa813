import { createHash, randomUUID } from "node:crypto";
import type { Clock } from "../stand-in.ts";
import type { Access } from "./legacy-metadata.ts";
import { createReviews } from "./reviews.ts";
import { publicationErrors, withoutInvalid, type Metadata } from "./metadata.ts";
import {
  forbidden,
  invalid,
  notFound,
  Problem,
  unknownIdentifier,
  unregisteredIdentifier,
  type FieldError,
} from "./problem.ts";

export type StoredFile = {
  id: string;
  version: string;
  key: string;
  content: Buffer;
  md5: string;
  status: "pending" | "completed";
  created: Date;
  updated: Date;
};

export type Review = {
  id: string;
  community: string;
  status: "created" | "submitted" | "declined";
  number: number;
};

/** The concept: what all versions of a record share. */
export type Concept = {
  id: string;
  owner: string;
  doi?: string;
  communities: Set<string>;
  review?: Review;
};

/** A draft, or after publication the record of the same id. */
export type Deposit = {
  id: string;
  concept: Concept;
  /** 1 for the first version. */
  index: number;
  published: boolean;
  metadata: Metadata;
  access: Access;
  /** Communities asked for by the legacy field; used at publication. */
  asked: string[];
  doi?: string;
  filesEnabled: boolean;
  files: Map<string, StoredFile>;
  bucket: string;
  created: Date;
  updated: Date;
  revision: number;
};

export type Community = { id: string; slug: string; curators: readonly string[] };

const doiPrefix = "10.5281/zenodo.";
const largestCount = 100;

/** What is there at one moment. */
export type DepositsState = {
  all: Map<string, Deposit>;
  concepts: Map<string, Concept>;
  lastId: number;
  lastReview: number;
  communityIds: Map<string, string>;
};

/** All records and drafts of the server, and what may be done to them. Every function throws a Problem where Zenodo refuses. */
export type Deposits = ReturnType<typeof createDeposits>;

export function createDeposits(options: {
  clock: Clock;
  firstId: number;
  quota: number;
  communities: readonly Community[];
  /** Goes on from here; the caller's no longer. */
  saved?: DepositsState;
}) {
  const all = options.saved?.all ?? new Map<string, Deposit>();
  const concepts = options.saved?.concepts ?? new Map<string, Concept>();
  let lastId = options.saved?.lastId ?? options.firstId - 1;

  const nextId = (): string => {
    do lastId += 1;
    while (all.has(String(lastId)) || concepts.has(String(lastId)));
    return String(lastId);
  };
  const touch = (deposit: Deposit): void => {
    deposit.updated = options.clock.now();
    deposit.revision += 1;
  };
  const versions = (concept: Concept): Deposit[] =>
    [...all.values()]
      .filter((deposit) => deposit.concept === concept)
      .toSorted((a, b) => a.index - b.index);
  const latest = (concept: Concept): Deposit | undefined =>
    versions(concept).findLast(({ published }) => published);
  const openDraft = (concept: Concept): Deposit | undefined =>
    versions(concept).find(({ published }) => !published);

  const make = (concept: Concept, index: number, id = nextId()): Deposit => {
    const now = options.clock.now();
    const deposit: Deposit = {
      id,
      concept,
      index,
      published: false,
      metadata: {},
      access: { right: "open" },
      asked: [],
      filesEnabled: true,
      files: new Map(),
      bucket: randomUUID(),
      created: now,
      updated: now,
      revision: 1,
    };
    all.set(deposit.id, deposit);
    return deposit;
  };
  const makeConcept = (owner: string, id = nextId()): Concept => {
    const concept: Concept = { id, owner, communities: new Set() };
    concepts.set(id, concept);
    return concept;
  };

  const own = (deposit: Deposit, user: string | undefined): Deposit => {
    if (deposit.concept.owner !== user) throw forbidden();
    return deposit;
  };
  /** A draft that the user may change: 404 once it is published. */
  const draft = (id: string, user: string | undefined): Deposit => {
    const deposit = all.get(id);
    if (deposit === undefined && !concepts.has(id)) throw unknownIdentifier();
    if (deposit === undefined || deposit.published) throw notFound();
    return own(deposit, user);
  };
  /** A published record, for everybody. */
  const record = (id: string): Deposit => {
    const deposit = all.get(id);
    if (deposit === undefined) throw concepts.has(id) ? notFound() : unknownIdentifier();
    if (!deposit.published) throw unregisteredIdentifier();
    return deposit;
  };

  const write = (
    deposit: Deposit,
    metadata: Metadata,
    access: Access,
    asked: string[],
  ): FieldError[] => {
    const checked = withoutInvalid(metadata);
    deposit.metadata = checked.metadata;
    deposit.access = access;
    deposit.asked = asked;
    touch(deposit);
    return checked.errors;
  };

  const setFile = (
    deposit: Deposit,
    key: string,
    content: Buffer,
    status: StoredFile["status"],
  ): StoredFile => {
    const others = [...deposit.files.values()].filter((file) => file.key !== key);
    if (others.length >= largestCount) {
      throw new Problem(
        400,
        "Uploading selected files will result in exceeding the max amount per record.",
      );
    }
    if (
      others.reduce((sum, file) => sum + file.content.length, 0) + content.length >
      options.quota
    ) {
      throw new Problem(413, "Bucket quota exceeded.");
    }
    const now = options.clock.now();
    const file: StoredFile = {
      id: deposit.files.get(key)?.id ?? randomUUID(),
      version: randomUUID(),
      key,
      content,
      md5: createHash("md5").update(content).digest("hex"),
      status,
      created: deposit.files.get(key)?.created ?? now,
      updated: now,
    };
    deposit.files.set(key, file);
    touch(deposit);
    return file;
  };

  const reserveDoi = (deposit: Deposit): void => {
    if (deposit.doi !== undefined) {
      throw invalid([{ field: "pids.doi", messages: ["A PID already exists for type doi"] }]);
    }
    deposit.doi = doiPrefix + deposit.id;
    touch(deposit);
  };

  const release = (deposit: Deposit): Deposit => {
    deposit.doi ??= doiPrefix + deposit.id;
    deposit.concept.doi ??= doiPrefix + deposit.concept.id;
    deposit.published = true;
    touch(deposit);
    return deposit;
  };
  const check = (deposit: Deposit): void => {
    const errors = publicationErrors(deposit.metadata);
    if (errors.length > 0) throw invalid(errors);
    if (deposit.filesEnabled && deposit.files.size === 0) {
      const messages = [
        "Missing uploaded files. To disable files for this record please mark it as metadata-only.",
      ];
      throw invalid([{ field: "files.enabled", messages }]);
    }
    if ([...deposit.files.values()].some(({ status }) => status === "pending")) {
      const messages = ["One or more files have not completed their transfer, please wait."];
      throw invalid([{ field: "files", messages }]);
    }
  };

  const { lastReview, ...reviews } = createReviews({
    all,
    communities: options.communities,
    check,
    release,
    lastReview: options.saved?.lastReview ?? 0,
  });

  return {
    all,
    concepts,
    state: (): DepositsState => ({
      all,
      concepts,
      lastId,
      lastReview: lastReview(),
      communityIds: new Map(options.communities.map(({ slug, id }) => [slug, id])),
    }),
    communities: options.communities,
    versions,
    latest,
    openDraft,
    draft,
    record,
    own,
    write,
    setFile,
    reserveDoi,
    doiOf: (id: string): string => doiPrefix + id,

    create: (user: string): Deposit => make(makeConcept(user), 1),

    /** The concept's next draft: a new one, or the one that is already open. */
    newVersion: (id: string, user: string | undefined): { draft: Deposit; made: boolean } => {
      const from = own(record(id), user);
      const open = openDraft(from.concept);
      if (open !== undefined) return { draft: open, made: false };
      const previous = latest(from.concept) ?? from;
      const next = make(from.concept, previous.index + 1);
      const { publication_date: _date, version: _version, ...metadata } = previous.metadata;
      next.metadata = structuredClone(metadata);
      next.access = previous.access;
      next.filesEnabled = previous.filesEnabled;
      return { draft: next, made: true };
    },

    /** Copies the files of the latest published version into an empty draft. */
    importFiles: (deposit: Deposit): void => {
      if (deposit.files.size > 0) {
        throw invalid([{ field: "files.enabled", messages: ["Please remove all files first."] }]);
      }
      for (const file of latest(deposit.concept)?.files.values() ?? []) {
        deposit.files.set(file.key, { ...file, id: randomUUID(), version: randomUUID() });
      }
      touch(deposit);
    },

    discard: (deposit: Deposit): void => {
      if (deposit.concept.review?.status === "submitted") {
        throw new Problem(
          400,
          "You cannot delete a draft with an open review. Please cancel the review first.",
        );
      }
      all.delete(deposit.id);
      if (versions(deposit.concept).length === 0) concepts.delete(deposit.concept.id);
    },

    publish: (deposit: Deposit, user: string): Deposit => {
      check(deposit);
      if (deposit.concept.review !== undefined && deposit.concept.review.status !== "declined") {
        throw new Problem(
          400,
          "You cannot publish a draft with an open review request. Please cancel the review request first.",
        );
      }
      // The legacy field includes the record at once where the user curates the community, and is silent where not.
      for (const slug of deposit.asked) {
        if (options.communities.find((known) => known.slug === slug)?.curators.includes(user)) {
          deposit.concept.communities.add(slug);
        }
      }
      deposit.asked = [];
      return release(deposit);
    },

    ...reviews,

    /** Puts a published record there without a request, as history. */
    seed: (seed: {
      owner: string;
      conceptId: string;
      id: string;
      metadata: Metadata;
      files: Record<string, string | Uint8Array>;
      communities: readonly string[];
    }): Deposit => {
      const concept = concepts.get(seed.conceptId) ?? makeConcept(seed.owner, seed.conceptId);
      if (all.has(seed.id)) throw new Error(`there is a record ${seed.id} already`);
      for (const slug of seed.communities) concept.communities.add(slug);
      const deposit = make(concept, (versions(concept).at(-1)?.index ?? 0) + 1, seed.id);
      deposit.metadata = withoutInvalid(seed.metadata).metadata;
      for (const [key, content] of Object.entries(seed.files))
        setFile(deposit, key, Buffer.from(content), "completed");
      check(deposit);
      return release(deposit);
    },
  };
}
