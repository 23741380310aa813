import type { Answer, Outgoing, Transport } from "@release-actions/net";
import { describe, expect, test } from "vitest";
import { openGitHub } from "./client.ts";

/** Uploads one asset to an address of the release; where it was sent. */
async function upload(
  address: string,
  servers = { apiUrl: "https://api.github.com", serverUrl: "https://github.com" },
): Promise<string[]> {
  const sent: string[] = [];
  const transport: Transport = {
    sent: [],
    send: async (request: Outgoing) => {
      sent.push(request.url);
      const text = '{"id": 1}';
      const answer: Partial<Answer> = {
        status: 201,
        headers: {},
        json: () => JSON.parse(text) as unknown,
      };
      return answer as Answer;
    },
    close: () => undefined,
  };
  const repository = { owner: "example", name: "shop" };
  const github = openGitHub({ transport, token: "t0ken", repository, ...servers });
  const asset = { name: "a b.txt", mediaType: "text/plain", bytes: Buffer.from("a") };
  await github.upload(address, asset, "id").catch((error: unknown) => sent.push(String(error)));
  return sent;
}

describe("an asset is sent with the token, and so to GitHub's own hosts only", () => {
  test.each([
    [
      "https://uploads.github.com/repos/example/shop/releases/1/assets{?name,label}",
      undefined,
      "https://uploads.github.com/repos/example/shop/releases/1/assets?name=a+b.txt",
    ],
    [
      "https://github.example.org/api/uploads/repos/x{?name,label}",
      { apiUrl: "https://github.example.org/api/v3", serverUrl: "https://github.example.org" },
      "https://github.example.org/api/uploads/repos/x?name=a+b.txt",
    ],
    [
      "https://uploads.example.ghe.com/repos/x",
      { apiUrl: "https://api.example.ghe.com", serverUrl: "https://example.ghe.com" },
      "https://uploads.example.ghe.com/repos/x?name=a+b.txt",
    ],
  ])("%s", async (address, servers, url) => expect(await upload(address, servers)).toEqual([url]));

  test.each([
    "https://thief.example.org/repos/x",
    "http://uploads.github.com/repos/x",
    "https://uploads.github.com.thief.example.org/x",
    "https://uploads.github.com:8443/x",
    "https://uploads.github.com@thief.example.org/x",
    "file:///etc/passwd",
    "no address",
  ])("not %s", async (address) =>
    expect(await upload(address)).toEqual([expect.stringMatching(/^Fault: RA5002 /)]),
  );
});
