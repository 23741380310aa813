import { json, type Reply } from "../stand-in.ts";
import { bodyOf, gone, notBuilt, signedIn, type Call } from "./call.ts";
import type { Deposit } from "./deposits.ts";
import { readLegacy } from "./legacy-metadata.ts";
import { notFound, Problem, unknownIdentifier } from "./problem.ts";

/** /api/deposit/depositions: the first generation of the API, which is a shim over the second. */
export async function routeDepositions(call: Call): Promise<Reply> {
  const [, , id, section, name] = call.path;
  const { method } = call.request;
  const user = signedIn(call);
  if (id === undefined)
    return method === "POST"
      ? create(call, user)
      : method === "GET"
        ? list(call, user)
        : notAllowed();
  if (section === undefined) {
    if (method === "GET") return json(200, call.answers.deposition(readable(call, id, user)));
    if (method === "PUT") return update(call, call.deposits.draft(id, user));
    if (method === "DELETE") return discard(call, id, user);
    return notAllowed();
  }
  if (section === "files") return routeFiles(call, id, name, user);
  if (section === "actions" && method === "POST") {
    if (name === "publish") {
      return json(
        202,
        call.answers.deposition(call.deposits.publish(call.deposits.draft(id, user), user)),
        { wrote: true },
      );
    }
    if (name === "newversion") return newVersion(call, id, user);
    if (name === "discard") return discard(call, id, user);
  }
  return notBuilt(call);
}

/** /api/files/{bucket}/{name}: one request a file. */
export function routeBucket(call: Call): Reply {
  const [, bucket, ...rest] = call.path;
  const key = rest.join("/");
  const { method } = call.request;
  const user = signedIn(call);
  const deposit = [...call.deposits.all.values()].find(
    (known) => known.bucket === bucket && !known.published,
  );
  // The bucket of a published record belongs to no draft any more.
  if (deposit === undefined) throw notFound();
  call.deposits.own(deposit, user);
  if (key === "")
    return method === "GET"
      ? json(
          200,
          [...deposit.files.values()].map((file) => call.answers.bucketFile(deposit, file)),
        )
      : notAllowed();
  if (method === "PUT") {
    return json(
      201,
      call.answers.bucketFile(
        deposit,
        call.deposits.setFile(deposit, key, call.request.body, "completed"),
      ),
      { wrote: true },
    );
  }
  const file = deposit.files.get(key);
  if (file === undefined) throw new Problem(404, `Record '${deposit.id}' has no file '${key}'.`);
  if (method === "GET")
    return {
      status: 200,
      headers: { "content-type": "application/octet-stream" },
      body: file.content,
    };
  if (method === "DELETE") {
    deposit.files.delete(key);
    return gone();
  }
  return notAllowed();
}

function create(call: Call, user: string): Reply {
  const input = readLegacy(bodyOf(call) ?? {}, call.today);
  const deposit = call.deposits.create(user);
  call.deposits.write(deposit, input.metadata, input.access, input.communities);
  return json(201, call.answers.deposition(deposit), { wrote: true });
}

/** PUT replaces all metadata: what the body leaves out is lost. */
function update(call: Call, deposit: Deposit): Reply {
  const input = readLegacy(bodyOf(call) ?? {}, call.today);
  call.deposits.write(deposit, input.metadata, input.access, input.communities);
  return json(200, call.answers.deposition(deposit), { wrote: true });
}

function list(call: Call, user: string): Reply {
  const query = call.request.url.searchParams;
  const size = Math.min(Number(query.get("size") ?? 10) || 10, 100);
  const page = Math.max(Number(query.get("page") ?? 1) || 1, 1);
  const words =
    (query.get("q") ?? "").match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', "")) ?? [];
  const found = call
    .indexed()
    .filter((deposit) => deposit.concept.owner === user)
    .filter((deposit) => {
      const text = JSON.stringify(call.answers.deposition(deposit));
      return words.every((word) => text.includes(word));
    })
    .filter(
      (deposit) =>
        !query.has("status") || (query.get("status") === "published") === deposit.published,
    )
    .toSorted((a, b) => b.updated.getTime() - a.updated.getTime());
  return json(
    200,
    found.slice((page - 1) * size, page * size).map((deposit) => call.answers.deposition(deposit)),
  );
}

function newVersion(call: Call, id: string, user: string): Reply {
  const { draft, made } = call.deposits.newVersion(id, user);
  // The shim always imports the old files, so a second call meets those of the first and is refused.
  call.deposits.importFiles(draft);
  return json(201, call.answers.deposition(draft), { wrote: made });
}

/** Discarding a deposition that was never published deletes it. */
function discard(call: Call, id: string, user: string): Reply {
  call.deposits.discard(call.deposits.draft(id, user));
  return gone();
}

async function routeFiles(
  call: Call,
  id: string,
  fileId: string | undefined,
  user: string,
): Promise<Reply> {
  const { method } = call.request;
  if (fileId === undefined && method === "GET") {
    const deposit = readable(call, id, user);
    return json(
      200,
      [...deposit.files.values()].map((file) => call.answers.legacyFile(deposit, file)),
    );
  }
  const deposit = call.deposits.draft(id, user);
  if (fileId === undefined) {
    if (method !== "POST") return notAllowed();
    const { name, content } = await uploaded(call);
    return json(
      201,
      call.answers.legacyFile(deposit, call.deposits.setFile(deposit, name, content, "completed")),
      { wrote: true },
    );
  }
  const file = [...deposit.files.values()].find((known) => known.id === fileId);
  if (file === undefined) throw notFound();
  if (method === "GET") return json(200, call.answers.legacyFile(deposit, file));
  if (method !== "DELETE") return notAllowed();
  deposit.files.delete(file.key);
  return gone();
}

async function uploaded(call: Call): Promise<{ name: string; content: Buffer }> {
  const type = call.request.headers["content-type"] ?? "";
  const form = await new Response(new Uint8Array(call.request.body), {
    headers: { "content-type": type },
  })
    .formData()
    .catch(() => undefined);
  const file = form?.get("file");
  if (form === undefined || !(file instanceof File)) throw new Problem(400, "Bad Request");
  const name = String(form.get("name") ?? file.name).replaceAll(/[^\w.-]+/g, "_");
  return { name, content: Buffer.from(await file.arrayBuffer()) };
}

function readable(call: Call, id: string, user: string): Deposit {
  const deposit = call.deposits.all.get(id);
  if (deposit === undefined)
    throw call.deposits.concepts.has(id) ? notFound() : unknownIdentifier();
  return call.deposits.own(deposit, user);
}

function notAllowed(): Reply {
  return json(405, { status: 405, message: "The method is not allowed for the requested URL." });
}
