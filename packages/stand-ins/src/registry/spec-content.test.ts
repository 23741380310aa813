import { expect } from "vitest";
import { mediaTypes, sha256 } from "./image.ts";
import {
  absent,
  blob,
  blobDigest,
  config,
  descriptor,
  index,
  json,
  manifest,
  pulled,
  sha512,
  tryRows,
  type Row,
} from "./test-content.ts";
import { refusal } from "./test-registry.ts";

const subject = descriptor(manifest());
const artifactType = "application/vnd.example.sbom";
const digest = subject.digest;

/** The codes that the spec lists; an error in JSON has to have one of them. */
const codes =
  "BLOB_UNKNOWN BLOB_UPLOAD_INVALID BLOB_UPLOAD_UNKNOWN DENIED DIGEST_INVALID MANIFEST_BLOB_UNKNOWN MANIFEST_INVALID MANIFEST_UNKNOWN NAME_INVALID NAME_UNKNOWN SIZE_INVALID TOOMANYREQUESTS UNAUTHORIZED UNSUPPORTED".split(
    " ",
  );

const wholeOrPart = (range: string, status: number, of?: [start: number, end: number]): Row => [
  "Pulling blobs",
  `Range ${range} is ${status}`,
  async ({ send, at }) => {
    const answer = await send("GET", at(`blobs/${blobDigest}`), { headers: { range } });
    expect(answer.status).toBe(status);
    const told = answer.headers.get("content-range");
    if (of) {
      expect(answer.body.toString()).toBe(blob.toString().slice(...of));
      expect(told).toBe(status === 206 ? `bytes ${of[0]}-${of[1] - 1}/10` : null);
    } else expect(told).toBe("bytes */10");
  },
];

const pulls: Row[] = [
  [
    "Determining support",
    "GET /v2/ is 200",
    async ({ send }) => {
      expect((await send("GET", "/v2/")).status).toBe(200);
    },
  ],
  ...["v1", digest].flatMap((reference): Row[] => [
    [
      "Pulling manifests",
      `GET by ${reference.slice(0, 6)} is 200, with the bytes, their digest and the type of the push`,
      async ({ send, at }) => {
        const { status, headers, body } = await send("GET", at(`manifests/${reference}`));
        expect([status, body]).toEqual([200, manifest()]);
        expect(headers.get("docker-content-digest")).toBe(digest);
        expect(headers.get("content-type")).toBe(mediaTypes.manifest);
      },
    ],
    [
      "Checking if content exists",
      `HEAD of a manifest by ${reference.slice(0, 6)} is 200, with its digest and its size`,
      async ({ send, at }) => {
        const { status, headers, body } = await send("HEAD", at(`manifests/${reference}`));
        expect([status, body.length]).toEqual([200, 0]);
        expect(headers.get("docker-content-digest")).toBe(digest);
        expect(headers.get("content-length")).toBe(String(manifest().length));
      },
    ],
  ]),
  ...["GET", "HEAD"].flatMap((method): Row[] => [
    ...["none", absent, sha512("absent"), "x".repeat(129), "-x"].map((reference): Row => [
      "Pulling manifests",
      `${method} of ${reference.slice(0, 12)}, which is not there, is 404`,
      async ({ send, at }) => {
        expect((await send(method, at(`manifests/${reference}`))).status).toBe(404);
      },
    ]),
    [
      "Pulling",
      `${method} in a repository that is not there is 404`,
      async ({ send }) => {
        expect((await send(method, "/v2/no/such/manifests/v1")).status).toBe(404);
        expect((await send(method, `/v2/no/such/blobs/${blobDigest}`)).status).toBe(404);
      },
    ],
    [
      "Pulling blobs",
      `${method} of a blob that is not there is 404`,
      async ({ send, at }) => {
        expect((await send(method, at(`blobs/${absent}`))).status).toBe(404);
      },
    ],
  ]),
  ...["Upper/x", "a//b", "a/.b", "a___b", `a${"/b".repeat(200)}`].map((name): Row => [
    "Pulling manifests",
    `${name.slice(0, 12)} is no name of a repository`,
    async ({ send }) => {
      const manifests = await send("GET", `/v2/${name}/manifests/v1`);
      expect(refusal(manifests)).toEqual([400, "NAME_INVALID"]);
      expect((await send("POST", `/v2/${name}/blobs/uploads/`)).status).toBe(400);
    },
  ]),
  [
    "Pulling manifests",
    "a name may have dots, underscores, dashes and several parts; a tag 128 characters",
    async ({ send, put }) => {
      const path = "/v2/a.b/c__d/e---f/blobs/uploads/";
      expect((await send("POST", path)).status).toBe(202);
      const tag = `_${"A.-b_9".repeat(21)}x`;
      expect([tag.length, (await put(tag, manifest())).status]).toEqual([128, 201]);
    },
  ],
  [
    "Pulling blobs",
    "GET is 200, with the bytes and their digest",
    async ({ send, at }) => {
      const { status, headers, body } = await send("GET", at(`blobs/${blobDigest}`));
      expect([status, body, headers.get("docker-content-digest")]).toEqual([200, blob, blobDigest]);
    },
  ],
  [
    "Checking if content exists",
    "HEAD of a blob is 200, with its digest and its size",
    async ({ send, at }) => {
      const { status, headers, body } = await send("HEAD", at(`blobs/${blobDigest}`));
      expect([status, body.length, headers.get("content-length")]).toEqual([200, 0, "10"]);
      expect(headers.get("docker-content-digest")).toBe(blobDigest);
    },
  ],
  wholeOrPart("bytes=0-9", 206, [0, 10]),
  wholeOrPart("bytes=2-4", 206, [2, 5]),
  wholeOrPart("bytes=9-9", 206, [9, 10]),
  wholeOrPart("bytes=7-", 206, [7, 10]),
  wholeOrPart("bytes=7-99", 206, [7, 10]),
  wholeOrPart("bytes=-3", 206, [7, 10]),
  wholeOrPart("bytes=-99", 206, [0, 10]),
  wholeOrPart("bytes=10-", 416),
  wholeOrPart("bytes=5-2", 416),
  wholeOrPart("bytes=-0", 416),
  wholeOrPart("pages=1-2", 200, [0, 10]),
  wholeOrPart("bytes=0-1,4-5", 200, [0, 10]),
];

const tagsOf = (names: string[], query: string, wanted: string[], next?: string): Row => [
  "Listing tags",
  `tags/list${query} of ${names.join(" ") || "none"} is ${wanted.join(" ") || "empty"}`,
  async ({ send, put, at }) => {
    await send("DELETE", at("manifests/v1"));
    for (const name of names) await put(name, manifest());
    const answer = await send("GET", at(`tags/list${query}`));
    expect([answer.status, json(answer)]).toEqual([200, { name: "org/app", tags: wanted }]);
    const link = next === undefined ? null : `<${at(`tags/list?${next}`)}>; rel="next"`;
    expect(answer.headers.get("link")).toBe(link);
  },
];

const refers = (what: string, bytes: Buffer, type: string, listed: object): Row => [
  "Listing referrers",
  `${what} is listed`,
  async ({ send, put, at }) => {
    expect((await put(sha256(bytes), bytes, type)).status).toBe(201);
    const answer = await send("GET", at(`referrers/${digest}`));
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, mediaTypes.index]);
    expect(json(answer)).toEqual({
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [{ ...descriptor(bytes, type), ...listed }],
    });
  },
];

const annotations = { "org.example.format": "json" };

const discovery: Row[] = [
  tagsOf([], "", []),
  tagsOf(["b", "a", "B", "1", "_"], "", ["1", "B", "_", "a", "b"]),
  tagsOf(["c", "a", "b"], "?n=2", ["a", "b"], "n=2&last=b"),
  tagsOf(["c", "a", "b"], "?n=3", ["a", "b", "c"]),
  tagsOf(["c", "a", "b"], "?n=9", ["a", "b", "c"]),
  tagsOf(["c", "a", "b"], "?n=0", []),
  tagsOf(["c", "a", "b"], "?n=2&last=b", ["c"]),
  tagsOf(["c", "a", "b"], "?n=1&last=a", ["b"], "n=1&last=b"),
  tagsOf(["c", "a", "b"], "?last=a", ["b", "c"]),
  tagsOf(["c", "a", "b"], "?last=aa", ["b", "c"]),
  tagsOf(["c", "a", "b"], "?last=c", []),
  [
    "Listing tags",
    "of a repository that is not there is 404",
    async ({ send }) => {
      expect(refusal(await send("GET", "/v2/no/such/tags/list"))).toEqual([404, "NAME_UNKNOWN"]);
    },
  ],
  [
    "Listing referrers",
    "of what nothing refers to is an empty index, and never 404",
    async ({ send, at }) => {
      for (const path of [at(`referrers/${absent}`), `/v2/no/such/referrers/${absent}`]) {
        const answer = await send("GET", path);
        expect([answer.status, json(answer)]).toEqual([
          200,
          { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] },
        ]);
        expect(answer.headers.get("content-type")).toBe(mediaTypes.index);
      }
    },
  ],
  [
    "Listing referrers",
    "of what is no digest is 400",
    async ({ send, at }) => {
      expect((await send("GET", at("referrers/v1"))).status).toBe(400);
      expect((await send("GET", at("referrers/sha256:12"))).status).toBe(400);
    },
  ],
  refers(
    "a manifest with an artifactType and annotations",
    manifest({ subject, artifactType, annotations }),
    mediaTypes.manifest,
    { artifactType, annotations },
  ),
  refers(
    "a manifest without an artifactType, by the type of its config,",
    manifest({ subject }),
    mediaTypes.manifest,
    { artifactType: config.mediaType },
  ),
  refers(
    "a manifest with an empty artifactType, by the type of its config,",
    manifest({ subject, artifactType: "" }),
    mediaTypes.manifest,
    { artifactType: config.mediaType },
  ),
  refers("an index with an artifactType", index({ subject, artifactType }), mediaTypes.index, {
    artifactType,
  }),
  refers("an index without one, which is left out,", index({ subject }), mediaTypes.index, {}),
  [
    "Listing referrers",
    "a filter is applied, and said to be",
    async ({ send, put, at }) => {
      const sbom = manifest({ subject, artifactType });
      for (const bytes of [sbom, manifest({ subject })]) await put(sha256(bytes), bytes);
      const list = async (query: string) => {
        const answer = await send("GET", at(`referrers/${digest}${query}`));
        const { manifests } = json(answer) as { manifests: { digest: string }[] };
        return [answer.headers.get("oci-filters-applied"), manifests.map((one) => one.digest)];
      };
      const query = `?artifactType=${encodeURIComponent(artifactType)}`;
      expect(await list(query)).toEqual(["artifactType", [sha256(sbom)]]);
      expect(await list("?artifactType=none")).toEqual(["artifactType", []]);
      expect((await list(""))[0]).toBeNull();
      expect((await list(""))[1]).toHaveLength(2);
    },
  ],
  [
    "Enabling the referrers API",
    "what was pushed with a fallback tag, by a client of a registry without the API, is listed",
    async ({ send, put, at }) => {
      const referrer = manifest({ subject, artifactType });
      await put(sha256(referrer), referrer);
      const fallback = index({ manifests: [{ ...descriptor(referrer), artifactType }] });
      expect((await put(digest.replace(":", "-"), fallback, mediaTypes.index)).status).toBe(201);
      const listed = json(await send("GET", at(`referrers/${digest}`)));
      expect(listed).toMatchObject({ manifests: [{ digest: sha256(referrer) }] });
    },
  ],
  [
    "Listing referrers",
    "what is deleted is listed no more, and what it referred to may go first",
    async ({ send, put, at }) => {
      const referrer = manifest({ subject, artifactType });
      await put(sha256(referrer), referrer);
      const list = async () =>
        (json(await send("GET", at(`referrers/${digest}`))) as { manifests: [] }).manifests.length;
      await send("DELETE", at(`manifests/${digest}`));
      expect(await list()).toBe(1);
      await send("DELETE", at(`manifests/${sha256(referrer)}`));
      expect(await list()).toBe(0);
    },
  ],
];

const management: Row[] = [
  [
    "Deleting tags",
    "is 202; the tag is 404 then, and the manifest stays",
    async ({ send, at }) => {
      expect((await send("DELETE", at("manifests/v1"))).status).toBe(202);
      expect((await send("GET", at("manifests/v1"))).status).toBe(404);
      expect(await pulled(send, at(`manifests/${digest}`))).toEqual([200, manifest()]);
    },
  ],
  [
    "Deleting manifests",
    "is 202; the digest and each of its tags are 404 then",
    async ({ send, put, at }) => {
      await put("v2", manifest());
      await put("other", manifest({ annotations }));
      expect((await send("DELETE", at(`manifests/${digest}`))).status).toBe(202);
      for (const reference of [digest, "v1", "v2"])
        expect((await send("GET", at(`manifests/${reference}`))).status).toBe(404);
      expect(json(await send("GET", at("tags/list")))).toMatchObject({ tags: ["other"] });
    },
  ],
  [
    "Deleting blobs",
    "is 202, and the blob 404 then",
    async ({ send, at }) => {
      expect((await send("DELETE", at(`blobs/${blobDigest}`))).status).toBe(202);
      expect((await send("GET", at(`blobs/${blobDigest}`))).status).toBe(404);
    },
  ],
  ...["manifests/none", `manifests/${absent}`, `blobs/${absent}`].map((path): Row => [
    "Content management",
    `deleting ${path.slice(0, 16)}, which is not there, is 404, in a repository that is not there too`,
    async ({ send, at }) => {
      expect((await send("DELETE", at(path))).status).toBe(404);
      expect((await send("DELETE", `/v2/no/such/${path}`)).status).toBe(404);
    },
  ]),
];

const errors: Row[] = (
  [
    ["GET", `blobs/${absent}`, 404],
    ["GET", "manifests/none", 404],
    ["PUT", "manifests/-x", 400],
    ["PUT", "manifests/x", 400],
    ["PUT", `manifests/${absent}`, 400],
    ["POST", "manifests/x", 405],
    ["GET", "blobs/uploads/none", 404],
    ["GET", "blobs/sha256:1", 400],
    ["GET", "tags/list?n=x", 400],
    ["GET", "referrers/x", 400],
    ["DELETE", "blobs/none", 400],
  ] as const
).map(([method, path, status]): Row => [
  "Error codes",
  `${method} ${path.slice(0, 20)} is ${status}, in the spec's form and with one of its codes`,
  async ({ send, at }) => {
    const answer = await send(method, at(path), method === "PUT" ? { body: "{}" } : {});
    const { errors } = json(answer) as { errors: { code: string; message: unknown }[] };
    expect([answer.status, errors.length > 0]).toEqual([status, true]);
    for (const { code, message } of errors) {
      expect(codes).toContain(code);
      expect(message).toEqual(expect.any(String));
    }
    expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
  },
]);

tryRows([...pulls, ...discovery, ...management, ...errors]);
