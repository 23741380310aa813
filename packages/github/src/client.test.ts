import type { Answer, Outgoing, Transport } from "@release-actions/net";
import { expect, test } from "vitest";
import { openGitHub } from "./client.ts";

/** A client of a GitHub at `apiUrl` that answers everything with `value`. */
function client(apiUrl: string, value: unknown = {}, headers: Record<string, string> = {}) {
  const sent: Outgoing[] = [];
  const text = JSON.stringify(value);
  const transport: Transport = {
    sent: [],
    close: () => undefined,
    send: async (request): Promise<Answer> => {
      sent.push(request);
      return {
        status: 200,
        headers: { "content-type": "application/json", ...headers },
        url: request.url,
        milliseconds: 1,
        bytes: Buffer.from(text),
        text: () => text,
        json: () => value,
      };
    },
  };
  const github = openGitHub({
    transport,
    token: "canary",
    repository: { owner: "cessda", name: "cdc" },
    apiUrl,
    serverUrl: new URL(apiUrl).origin,
  });
  return { github, sent };
}

const servers = {
  "github.com": ["https://api.github.com", "https://api.github.com/graphql"],
  "an enterprise server": ["https://ghe.example.org/api/v3", "https://ghe.example.org/api/graphql"],
  "one on another port": [
    "https://ghe.example.org:8443/api/v3",
    "https://ghe.example.org:8443/api/graphql",
  ],
  "data residency": ["https://api.octocorp.ghe.com", "https://api.octocorp.ghe.com/graphql"],
} as const;

test.each(Object.entries(servers))("%s: REST, GraphQL and archives", async (_, [api, graphql]) => {
  const { github, sent } = client(api, { data: { viewer: { login: "ann" } } });
  await github.query("{viewer {login}}", {});
  await github.send("GET /repos/{owner}/{repo}", {});
  await github.download("/repos/cessda/cdc/zipball/refs/tags/1.0.0");
  expect(sent.map(({ url }) => url)).toEqual([
    graphql,
    `${api}/repos/cessda/cdc`,
    `${api}/repos/cessda/cdc/zipball/refs/tags/1.0.0`,
  ]);
});

const path = "/repos/cessda/cdc/releases/7/assets{?name,label}";
test.each([
  ["https://api.github.com", `https://uploads.github.com${path}`],
  ["https://ghe.example.org/api/v3", `https://ghe.example.org/api/uploads${path}`],
  ["https://api.octocorp.ghe.com", `https://uploads.octocorp.ghe.com${path}`],
])("a file of a release of %s goes where the release says", async (api, upload) => {
  const { github, sent } = client(api, { id: 1 });
  await github.upload(
    upload,
    { name: "a b.txt", mediaType: "text/plain", bytes: Buffer.from("a") },
    "id",
  );
  expect(sent[0]?.url).toBe(upload.replace("{?name,label}", "?name=a+b.txt"));
  expect(sent[0]?.headers?.["authorization"]).toBe("Bearer canary");
});

test.each([
  ["https://api.github.com", `https://uploads.example.org${path}`],
  ["https://api.github.com", `http://uploads.github.com${path}`],
  ["https://api.github.com", `https://uploads.github.com.example.org${path}`],
  ["https://ghe.example.org/api/v3", `https://uploads.github.com${path}`],
  ["https://ghe.example.org/api/v3", `https://ghe.example.org:8443/api/uploads${path}`],
])("the token for %s does not go to %s", async (api, upload) => {
  const { github, sent } = client(api);
  await expect(
    github.upload(
      upload,
      { name: "a.txt", mediaType: "text/plain", bytes: Buffer.from("a") },
      "id",
    ),
  ).rejects.toMatchObject({ code: "RA5002", outcome: "none" });
  expect(sent).toEqual([]);
});

test("a server that is too old is named with what it lacks", async () => {
  const errors = [
    {
      message: "Field 'subIssues' doesn't exist on type 'Issue'",
      extensions: { code: "undefinedField" },
    },
  ];
  const { github } = client(
    "https://ghe.example.org/api/v3",
    { errors },
    {
      "x-github-enterprise-version": "enterprise-server@3.15.2",
    },
  );
  await expect(github.query("{x}", {})).rejects.toMatchObject({
    code: "RA5014",
    saw: "enterprise-server@3.15.2 answered: Field 'subIssues' doesn't exist on type 'Issue'",
  });
});
