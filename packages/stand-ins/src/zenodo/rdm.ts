import { json, type Reply } from "../stand-in.ts";
import { bodyOf, gone, notBuilt, signedIn, type Call } from "./call.ts";
import type { Deposit } from "./deposits.ts";
import { isObject, type Access } from "./legacy-metadata.ts";
import { schemeOf, type Creator, type Metadata } from "./metadata.ts";
import { invalid, notFound, Problem, type FieldError } from "./problem.ts";

/** /api/records: the second generation of the API, InvenioRDM's. */
export function routeRecords(call: Call): Reply {
  const [, id, section, part, key, last] = call.path;
  const { method } = call.request;
  if (id === undefined) return method === "POST" ? create(call) : notBuilt(call);
  if (section === undefined) return method === "GET" ? read(call, id) : notBuilt(call);
  if (section === "versions") return routeVersions(call, id, part);
  if (section === "files" && method === "GET")
    return readFiles(call, call.deposits.record(id), part, key);
  if (section !== "draft") return notBuilt(call);

  const deposit = call.deposits.draft(id, signedIn(call));
  if (part === undefined) return routeDraft(call, deposit);
  if (part === "files") return routeDraftFiles(call, deposit, key, last);
  if (part === "review") return routeReview(call, deposit);
  if (part === "pids" && key === "doi" && method === "POST") {
    call.deposits.reserveDoi(deposit);
    return shown(call, 201, deposit, true);
  }
  if (part === "actions" && method === "POST") {
    const user = signedIn(call);
    if (key === "publish") return shown(call, 202, call.deposits.publish(deposit, user), true);
    if (key === "files-import") {
      call.deposits.importFiles(deposit);
      return json(201, call.answers.rdmFiles(deposit), { wrote: true });
    }
    if (key === "submit-review") {
      return json(202, call.answers.review(deposit, call.deposits.submitReview(deposit, user)), {
        wrote: true,
      });
    }
  }
  return notBuilt(call);
}

/** GET /api/communities/{slug or id}. */
export function routeCommunities(call: Call): Reply {
  const [, name, more] = call.path;
  if (call.request.method !== "GET" || name === undefined || more !== undefined)
    return notBuilt(call);
  const community = call.deposits.communities.find(({ slug, id }) => slug === name || id === name);
  if (community === undefined) throw new Problem(404, "The persistent identifier does not exist.");
  return json(200, {
    id: community.id,
    slug: community.slug,
    metadata: { title: community.slug },
    access: { visibility: "public" },
  });
}

function read(call: Call, id: string): Reply {
  const concept = call.deposits.concepts.get(id);
  if (concept === undefined) return shown(call, 200, call.deposits.record(id));
  const latest = call.deposits.latest(concept);
  if (latest === undefined) throw notFound();
  return { status: 302, headers: { location: call.answers.recordUrl(latest.id) } };
}

function create(call: Call): Reply {
  const user = signedIn(call);
  const input = readRdm(bodyOf(call) ?? {});
  const deposit = call.deposits.create(user);
  return write(call, deposit, input, 201);
}

function write(
  call: Call,
  deposit: Deposit,
  input: { metadata: Metadata; access: Access; filesEnabled: boolean },
  status: number,
): Reply {
  const errors = call.deposits.write(deposit, input.metadata, input.access, deposit.asked);
  deposit.filesEnabled = input.filesEnabled;
  return shown(call, status, deposit, true, errors);
}

function routeDraft(call: Call, deposit: Deposit): Reply {
  const { method } = call.request;
  if (method === "GET") return shown(call, 200, deposit);
  if (method === "PUT") return write(call, deposit, readRdm(bodyOf(call) ?? {}), 200);
  if (method !== "DELETE") return notBuilt(call);
  call.deposits.discard(deposit);
  return gone();
}

function routeVersions(call: Call, id: string, part: string | undefined): Reply {
  const { method } = call.request;
  if (part === "latest" && method === "GET") {
    const latest = call.deposits.latest(call.deposits.record(id).concept);
    return { status: 301, headers: { location: call.answers.recordUrl(latest?.id ?? id) } };
  }
  if (part !== undefined) return notBuilt(call);
  if (method === "POST") {
    const { draft, made } = call.deposits.newVersion(id, signedIn(call));
    return shown(call, 201, draft, made);
  }
  if (method !== "GET") return notBuilt(call);
  const { concept } = call.deposits.record(id);
  const hits = call.indexed().filter((deposit) => deposit.concept === concept && deposit.published);
  return json(200, {
    hits: {
      total: hits.length,
      hits: hits
        .toReversed()
        .map((deposit) => call.answers.rdmRecord(deposit, deposit.concept.owner === call.user)),
    },
  });
}

function routeDraftFiles(
  call: Call,
  deposit: Deposit,
  key: string | undefined,
  action: string | undefined,
): Reply {
  const { method } = call.request;
  if (key === undefined)
    return method === "POST" ? initFiles(call, deposit) : readFiles(call, deposit, key, action);
  const file = deposit.files.get(key);
  if (file === undefined) throw new Problem(404, `Record '${deposit.id}' has no file '${key}'.`);
  if (action === "content" && method === "PUT") {
    // Checksum and size appear with the commit.
    const pending = call.deposits.setFile(deposit, key, call.request.body, "pending");
    return json(200, call.answers.rdmFile(deposit, pending), { wrote: true });
  }
  if (action === "commit" && method === "POST") {
    return json(
      200,
      call.answers.rdmFile(deposit, call.deposits.setFile(deposit, key, file.content, "completed")),
      { wrote: true },
    );
  }
  if (action === undefined && method === "DELETE") {
    deposit.files.delete(key);
    return gone();
  }
  return readFiles(call, deposit, key, action);
}

function initFiles(call: Call, deposit: Deposit): Reply {
  const wanted = bodyOf(call);
  if (!Array.isArray(wanted))
    throw invalid([{ field: "_schema", messages: ["Invalid input type."] }]);
  const keys = (wanted as unknown[]).map((entry) => (isObject(entry) ? entry["key"] : undefined));
  for (const key of keys) {
    if (typeof key !== "string" || key === "")
      throw invalid([{ field: "key", messages: ["Missing data for required field."] }]);
    if (deposit.files.has(key)) throw new Problem(400, `File with key ${key} already exists.`);
  }
  for (const key of keys) call.deposits.setFile(deposit, String(key), Buffer.alloc(0), "pending");
  return json(201, call.answers.rdmFiles(deposit), { wrote: true });
}

function readFiles(
  call: Call,
  deposit: Deposit,
  key: string | undefined,
  action: string | undefined,
): Reply {
  if (call.request.method !== "GET") return notBuilt(call);
  if (key === undefined) return json(200, call.answers.rdmFiles(deposit));
  const file = deposit.files.get(key);
  if (file === undefined) throw new Problem(404, `Record '${deposit.id}' has no file '${key}'.`);
  if (action !== "content") return json(200, call.answers.rdmFile(deposit, file));
  if (deposit.access.right !== "open" && deposit.concept.owner !== call.user)
    throw new Problem(403, "Permission denied.");
  return {
    status: 200,
    headers: { "content-type": "application/octet-stream" },
    body: file.content,
  };
}

function routeReview(call: Call, deposit: Deposit): Reply {
  const { method } = call.request;
  if (method === "PUT") {
    const body = bodyOf(call);
    const receiver = isObject(body) ? body["receiver"] : undefined;
    if (!isObject(body) || body["type"] !== "community-submission")
      throw new Problem(400, "Invalid review type.");
    const review = call.deposits.askReview(
      deposit,
      isObject(receiver) ? receiver["community"] : undefined,
    );
    return json(200, call.answers.review(deposit, review), { wrote: true });
  }
  const { review } = deposit.concept;
  if (review === undefined) throw new Problem(404, "Review for draft not found");
  if (method === "GET") return json(200, call.answers.review(deposit, review));
  if (method !== "DELETE") return notBuilt(call);
  if (review.status === "submitted") throw new Problem(400, "An open review cannot be deleted.");
  delete deposit.concept.review;
  return gone();
}

/** A record in the form that `Accept` asks for; without a wish it is Zenodo's own. */
function shown(
  call: Call,
  status: number,
  deposit: Deposit,
  wrote = false,
  errors: readonly FieldError[] = [],
): Reply {
  const rdm = "application/vnd.inveniordm.v1+json";
  const zenodo = ["application/json", "application/vnd.zenodo.v1+json", "*/*", "application/*", ""];
  for (const range of (call.request.headers["accept"] ?? "").split(",")) {
    const type = range.split(";")[0]?.trim() ?? "";
    if (type === rdm) {
      return json(
        status,
        call.answers.rdmRecord(deposit, deposit.concept.owner === call.user, errors),
        { wrote, headers: { "content-type": rdm } },
      );
    }
    if (zenodo.includes(type)) return json(status, call.answers.zenodoRecord(deposit), { wrote });
  }
  throw new Problem(
    406,
    "Invalid 'Accept' header. Expected one of: application/json, application/vnd.inveniordm.v1+json",
  );
}

function readRdm(body: unknown): { metadata: Metadata; access: Access; filesEnabled: boolean } {
  if (!isObject(body)) throw invalid([{ field: "_schema", messages: ["Invalid input type."] }]);
  const given = isObject(body["metadata"]) ? body["metadata"] : {};
  const { kept: _kept, ...metadata } = given as Metadata;
  const people = (list: unknown): Creator[] | undefined =>
    Array.isArray(list) ? (list as unknown[]).map((entry) => readCreator(entry)) : undefined;
  const creators = people(metadata.creators);
  const contributors = people(metadata.contributors);
  const related = Array.isArray(metadata.related_identifiers)
    ? metadata.related_identifiers.map((entry) => ({
        ...entry,
        scheme: entry.scheme ?? schemeOf(String(entry.identifier)),
      }))
    : undefined;
  const access = isObject(body["access"]) ? body["access"] : {};
  const files = isObject(body["files"]) ? body["files"] : {};
  return {
    metadata: {
      ...metadata,
      ...(creators ? { creators } : {}),
      ...(contributors ? { contributors } : {}),
      ...(related ? { related_identifiers: related } : {}),
    },
    access: { right: access["files"] === "restricted" ? "restricted" : "open" },
    filesEnabled: files["enabled"] !== false,
  };
}

function readCreator(entry: unknown): Creator {
  const person = isObject(entry) && isObject(entry["person_or_org"]) ? entry["person_or_org"] : {};
  const creator: Creator = { ...(isObject(entry) ? entry : {}), person_or_org: { ...person } };
  if (person["type"] === "personal") {
    creator.person_or_org.name = [person["family_name"], person["given_name"]]
      .filter(Boolean)
      .join(", ");
  }
  return creator;
}
