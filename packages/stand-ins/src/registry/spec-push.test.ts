import { expect } from "vitest";
import { mediaTypes, sha256 } from "./image.ts";
import {
  absent,
  blob,
  blobDigest,
  config,
  descriptor,
  index,
  location,
  manifest,
  pulled,
  repository,
  sha512,
  tryRows,
  type Row,
} from "./test-content.ts";
import { codeOf, refusal } from "./test-registry.ts";

const other = Buffer.from("another blob");
const otherDigest = sha256(other);

/** What distribution-spec 1.1 and its draft ask of a registry that is pushed to. */
const rows: Row[] = [
  [
    "POST then PUT",
    "POST begins an upload: 202, with a Location of its own for each",
    async ({ send, at }) => {
      const begun = [
        await send("POST", at("blobs/uploads/")),
        await send("POST", at("blobs/uploads/")),
      ];
      expect(begun.map((answer) => answer.status)).toEqual([202, 202]);
      const [one, two] = begun.map(location);
      expect(one).toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
      expect(one).not.toBe(two);
    },
  ],
  [
    "POST then PUT",
    "PUT of the bytes ends it: 201, with a Location from which the blob can be pulled",
    async ({ send, begin }) => {
      const put = await send("PUT", `${await begin()}?digest=${otherDigest}`, { body: other });
      expect(put.status).toBe(201);
      expect(await pulled(send, location(put))).toEqual([200, other]);
    },
  ],
  [
    "Single POST",
    "a blob in one POST is 201, with a Location from which it can be pulled",
    async ({ send, at }) => {
      const once = await send("POST", at(`blobs/uploads/?digest=${otherDigest}`), { body: other });
      expect(once.status).toBe(201);
      expect(await pulled(send, location(once))).toEqual([200, other]);
    },
  ],
  [
    "Pushing blobs",
    "a blob of no bytes is one as well",
    async ({ send, begin }) => {
      const put = await send("PUT", `${await begin()}?digest=${sha256("")}`);
      expect(put.status).toBe(201);
      const head = await send("HEAD", location(put));
      expect([head.status, head.headers.get("content-length")]).toEqual([200, "0"]);
    },
  ],
  ...["sha256:12", "md5:0cc175b9c0f1b6a831c399e269772661", absent, sha512("absent")].map(
    (digest): Row => [
      "Pushing blobs",
      `the digest ${digest.slice(0, 20)}… is not that of the bytes, or none: 400, and nothing is kept`,
      async ({ send, at, begin, standIn }) => {
        const before = standIn.blobs(repository);
        const put = await send("PUT", `${await begin()}?digest=${digest}`, { body: other });
        expect(refusal(put)).toEqual([400, "DIGEST_INVALID"]);
        const once = await send("POST", at(`blobs/uploads/?digest=${digest}`), { body: other });
        expect(refusal(once)).toEqual([400, "DIGEST_INVALID"]);
        expect(standIn.blobs(repository)).toEqual(before);
      },
    ],
  ),
  [
    "Pushing a blob in chunks",
    "an upload for sha512 is announced, and the blob is pulled by it",
    async ({ send, begin, at, patch }) => {
      const upload = await begin("?digest-algorithm=sha512");
      expect((await patch(upload, "0-11", other)).status).toBe(202);
      const put = await send("PUT", `${upload}?digest=${sha512(other)}`);
      expect(put.status).toBe(201);
      expect(await pulled(send, at(`blobs/${sha512(other)}`))).toEqual([200, other]);
      expect((await send("HEAD", at(`blobs/${otherDigest}`))).status).toBe(404);
    },
  ],
  [
    "Pushing a blob in chunks",
    "an upload for an algorithm that is not supported is 400",
    async ({ send, at }) => {
      const begun = await send("POST", at("blobs/uploads/?digest-algorithm=md5"));
      expect(refusal(begun)).toEqual([400, "DIGEST_INVALID"]);
    },
  ],
  [
    "Pushing a blob in chunks",
    "each chunk is 202, with a Location and the Range up to its end; a PUT without a body closes",
    async ({ send, begin, patch }) => {
      let to = await begin();
      for (const [from, until] of [
        [0, 4],
        [5, 5],
        [6, 11],
      ] as const) {
        const answer = await patch(to, `${from}-${until}`, other.subarray(from, until + 1));
        expect([answer.status, answer.headers.get("range")]).toEqual([202, `0-${until}`]);
        to = location(answer);
      }
      const closed = await send("PUT", `${to}?digest=${otherDigest}`);
      expect(closed.status).toBe(201);
      expect(await pulled(send, location(closed))).toEqual([200, other]);
    },
  ],
  [
    "Pushing a blob in chunks",
    "the last chunk may come with the PUT that closes",
    async ({ send, begin, patch }) => {
      const to = location(await patch(await begin(), "0-4", other.subarray(0, 5)));
      const closed = await send("PUT", `${to}?digest=${otherDigest}`, {
        headers: { "content-range": "5-11" },
        body: other.subarray(5),
      });
      expect(closed.status).toBe(201);
      expect(await pulled(send, location(closed))).toEqual([200, other]);
    },
  ],
  [
    "Pushing a blob in chunks",
    "a body without a range is taken as a stream",
    async ({ send, begin, patch }) => {
      const answer = await patch(await begin(), undefined, other);
      expect([answer.status, answer.headers.get("range")]).toEqual([202, "0-11"]);
      const closed = await send("PUT", `${location(answer)}?digest=${otherDigest}`);
      expect(closed.status).toBe(201);
    },
  ],
  ...(
    [
      ["leaves a gap", "6-11", 6],
      ["comes a second time", "0-4", 5],
      ["overlaps", "4-11", 8],
      ["says another length than it has", "5-11", 3],
      ["has a range that cannot be read", "bytes 5-11/12", 7],
      ["has a range that ends before it begins", "5-4", 0],
    ] as const
  ).map(([what, range, length]): Row => [
    "Pushing a blob in chunks",
    `a chunk that ${what} is 416, by PATCH and by PUT; the state is told, and the upload goes on`,
    async ({ send, begin, patch }) => {
      const to = location(await patch(await begin(), "0-4", other.subarray(0, 5)));
      const wrong = { headers: { "content-range": range }, body: Buffer.alloc(length, "x") };
      for (const [method, path] of [
        ["PATCH", to],
        ["PUT", `${to}?digest=${otherDigest}`],
      ] as const)
        expect((await send(method, path, wrong)).status).toBe(416);
      const state = await send("GET", to);
      expect([state.status, state.headers.get("range"), location(state)]).toEqual([204, "0-4", to]);
      expect((await patch(to, "5-11", other.subarray(5))).status).toBe(202);
      expect((await send("PUT", `${to}?digest=${otherDigest}`)).status).toBe(201);
    },
  ]),
  [
    "Pushing a blob in chunks",
    "the first chunk begins at 0",
    async ({ begin, patch }) => {
      expect((await patch(await begin(), "1-5", "abcde")).status).toBe(416);
    },
  ],
  [
    "Pushing a blob in chunks",
    "the PUT that closes names the digest of the whole, not of the last chunk",
    async ({ send, begin, patch }) => {
      const to = location(await patch(await begin(), "0-4", other.subarray(0, 5)));
      const last = other.subarray(5);
      const closed = await send("PUT", `${to}?digest=${sha256(last)}`, { body: last });
      expect(refusal(closed)).toEqual([400, "DIGEST_INVALID"]);
      expect(refusal(await send("PUT", to, { body: last }))).toEqual([400, "DIGEST_INVALID"]);
    },
  ],
  [
    "Cancel a blob upload",
    "DELETE is 204, and after it the upload is unknown: 404 for everything",
    async ({ send, begin }) => {
      const to = await begin();
      expect((await send("DELETE", to)).status).toBe(204);
      for (const [method, path] of [
        ["GET", to],
        ["PATCH", to],
        ["PUT", `${to}?digest=${otherDigest}`],
        ["DELETE", to],
      ] as const)
        expect(refusal(await send(method, path))).toEqual([404, "BLOB_UPLOAD_UNKNOWN"]);
    },
  ],
  [
    "Mounting a blob",
    "a blob of another repository is 201, with a Location from which it can be pulled",
    async ({ send }) => {
      const path = `/v2/org/two/blobs/uploads/?mount=${blobDigest}&from=${repository}`;
      const mounted = await send("POST", path);
      expect([mounted.status, mounted.headers.get("docker-content-digest")]).toEqual([
        201,
        blobDigest,
      ]);
      expect(location(mounted)).toContain("/org/two/");
      expect(await pulled(send, location(mounted))).toEqual([200, blob]);
    },
  ],
  [
    "Mounting a blob",
    "a mount that names no repository may find it anywhere",
    async ({ send }) => {
      const mounted = await send("POST", `/v2/org/two/blobs/uploads/?mount=${blobDigest}`);
      expect(await pulled(send, location(mounted))).toEqual([200, blob]);
    },
  ],
  ...[`mount=${absent}&from=${repository}`, `mount=${blobDigest}&from=no/such`].map(
    (query): Row => [
      "Mounting a blob",
      `?${query.replace(/:[0-9a-f]+/, ":…")} finds nothing: 202, and the upload goes on`,
      async ({ send }) => {
        const begun = await send("POST", `/v2/org/two/blobs/uploads/?${query}`);
        expect(begun.status).toBe(202);
        const put = await send("PUT", `${location(begun)}?digest=${otherDigest}`, { body: other });
        expect(put.status).toBe(201);
      },
    ],
  ),
  ...(
    [
      ["indented, with fields that nobody knows", manifest({ "x-unknown": { a: [1, 2.5e3] } })],
      ["with space after it", Buffer.concat([manifest(), Buffer.from("\n \n")])],
      ["without layers", manifest({ layers: [] })],
      ["without a mediaType of its own", manifest({ mediaType: undefined })],
      [
        "with layers that lie elsewhere",
        manifest({ layers: [{ ...config, digest: absent, urls: ["https://e.org/"] }] }),
      ],
      [
        "with data in a descriptor",
        manifest({ layers: [{ ...config, data: blob.toString("base64") }] }),
      ],
    ] as const
  ).map(([what, bytes]): Row => [
    "Pushing manifests",
    `a manifest ${what} is 201, with a pullable Location, and kept byte by byte`,
    async ({ send, put }) => {
      for (const reference of [sha256(bytes), "tag"]) {
        const pushed = await put(reference, bytes);
        expect([pushed.status, pushed.headers.get("docker-content-digest")]).toEqual([
          201,
          sha256(bytes),
        ]);
        expect(await pulled(send, location(pushed))).toEqual([200, bytes]);
      }
    },
  ]),
  [
    "Pushing manifests",
    "by its sha512 it is pulled by its sha512",
    async ({ send, put, at }) => {
      const bytes = manifest({ annotations: { by: "sha512" } });
      const pushed = await put(sha512(bytes), bytes);
      expect([pushed.status, pushed.headers.get("docker-content-digest")]).toEqual([
        201,
        sha512(bytes),
      ]);
      expect(await pulled(send, at(`manifests/${sha512(bytes)}`))).toEqual([200, bytes]);
    },
  ],
  [
    "Pushing manifests",
    "another digest than that of the bytes is 400, and nothing is kept",
    async ({ put, standIn }) => {
      const before = standIn.manifests(repository);
      expect(refusal(await put(absent, manifest()))).toEqual([400, "DIGEST_INVALID"]);
      expect(refusal(await put("sha256:x", manifest()))).toEqual([400, "DIGEST_INVALID"]);
      expect(standIn.manifests(repository)).toEqual(before);
    },
  ],
  [
    "Pushing manifests",
    "parameters of the Content-Type are not looked at, and not given back",
    async ({ send, put, at }) => {
      const type = `${mediaTypes.manifest}; charset=utf-8`;
      expect((await put("typed", manifest(), type)).status).toBe(201);
      const read = await send("GET", at("manifests/typed"));
      expect(read.headers.get("content-type")).toBe(mediaTypes.manifest);
    },
  ],
  [
    "Pushing manifests",
    "4 MiB are taken, and more is 413",
    async ({ put }) => {
      const large = (size: number): Buffer => {
        const frame = manifest({ annotations: { x: "" } }).length;
        return manifest({ annotations: { x: "x".repeat(size - frame) } });
      };
      expect((await put("large", large(4 * 1024 * 1024))).status).toBe(201);
      expect((await put("larger", large(4 * 1024 * 1024 + 1))).status).toBe(413);
    },
  ],
  [
    "Push",
    "a manifest that names a blob or a child that is not here is MANIFEST_BLOB_UNKNOWN",
    async ({ put, standIn }) => {
      const layer = manifest({ layers: [{ ...config, digest: absent }] });
      const child = index({ manifests: [descriptor(Buffer.from("absent"))] });
      expect(codeOf(await put("x", layer))).toBe("MANIFEST_BLOB_UNKNOWN");
      expect(codeOf(await put("x", child, mediaTypes.index))).toBe("MANIFEST_BLOB_UNKNOWN");
      expect(Object.keys(standIn.tags(repository))).toEqual(["v1"]);
    },
  ],
  [
    "Push",
    "an index of an index of manifests is taken, children first",
    async ({ send, put, at }) => {
      const inner = index({ manifests: [descriptor(manifest())] });
      const outer = index({ manifests: [descriptor(inner, mediaTypes.index)] });
      expect((await put(sha256(inner), inner, mediaTypes.index)).status).toBe(201);
      expect((await put("nested", outer, mediaTypes.index)).status).toBe(201);
      expect(await pulled(send, at("manifests/nested"))).toEqual([200, outer]);
    },
  ],
  ...(
    [
      ["a manifest", manifest, mediaTypes.manifest],
      ["an index", index, mediaTypes.index],
    ] as const
  ).map(([what, write, type]): Row => [
    "Pushing manifests with subject",
    `${what} may refer to what is not here, and is answered with OCI-Subject`,
    async ({ put }) => {
      const bytes = write({ subject: descriptor(Buffer.from("absent")) });
      const pushed = await put(sha256(bytes), bytes, type);
      expect([pushed.status, pushed.headers.get("oci-subject")]).toEqual([201, absent]);
    },
  ]),
  ...[sha256, sha512].map((digest): Row => [
    "Pushing manifests (draft)",
    `a push by ${digest("").slice(0, 6)} with tag parameters names each accepted tag in OCI-Tag`,
    async ({ send, put, at }) => {
      const bytes = manifest({ annotations: { with: "tags" } });
      const tags = Array.from({ length: 12 }, (_, at) => `1.${at}`);
      const query = tags.map((tag) => `tag=${tag}`).join("&");
      const pushed = await put(`${digest(bytes)}?${query}`, bytes);
      expect(pushed.status).toBe(201);
      expect(pushed.headers.get("oci-tag")?.split(/,\s*/)).toEqual(tags);
      for (const tag of tags)
        expect(await pulled(send, at(`manifests/${tag}`))).toEqual([200, bytes]);
    },
  ]),
  [
    "Pushing manifests (draft)",
    "without tag parameters, and by a tag, there is no OCI-Tag",
    async ({ put }) => {
      expect((await put(sha256(manifest()), manifest())).headers.get("oci-tag")).toBeNull();
      expect((await put("one", manifest())).headers.get("oci-tag")).toBeNull();
    },
  ],
  [
    "Pushing manifests (draft)",
    "a parameter that is no tag refuses the push, and no tag is moved",
    async ({ put, standIn }) => {
      const bytes = manifest({ annotations: { with: "tags" } });
      const before = standIn.tags(repository);
      const pushed = await put(`${sha256(bytes)}?tag=good&tag=-bad`, bytes);
      expect([pushed.status, standIn.tags(repository)]).toEqual([400, before]);
    },
  ],
];

tryRows(rows);
