import { describe, expect, test } from "vitest";
import type { PromotedImage } from "../promoted-images.ts";
import { promotionSummary, refusedPromotionSummary } from "./promotion-summary.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const image = (more: Partial<PromotedImage> = {}): PromotedImage => ({
  name: "web",
  image: "registry.example.org/shop/web",
  digest: digest("a"),
  tags: ["production", "1.2.0"],
  displaced: {},
  platforms: [],
  mounted: 0,
  uploaded: 0,
  bytes: 0,
  carried: [],
  left: [],
  ...more,
});
const sent = (...requests: string[]) =>
  requests.map((request) => {
    const [method = "", path = ""] = request.split(" ");
    return {
      method,
      url: `https://registry.example.org${path}`,
      status: 200,
      milliseconds: 1,
      attempt: 1,
    };
  });

describe("the summary of a promotion", () => {
  test("says what came along, what moved, and what it cost", () => {
    const summary = promotionSummary({
      images: [
        image({
          platforms: ["linux/amd64", "linux/arm64"],
          mounted: 3,
          uploaded: 2,
          bytes: 25_200_000,
          carried: [
            { digest: digest("c"), artifactType: "application/spdx+json" },
            { digest: digest("d"), artifactType: "application/spdx+json" },
            { digest: digest("e"), artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json" },
          ],
          left: ["sha256-aaaa.sig"],
        }),
      ],
      changed: true,
      sent: sent(
        "GET /token?scope=x",
        "HEAD /v2/shop/web/manifests/production",
        `GET /v2/shop/web/manifests/${digest("a")}`,
        "POST /v2/shop/web/blobs/uploads/?mount=x",
        "POST /v2/shop/web/blobs/uploads/?mount=y",
        `GET /v2/manifests/web/blobs/${digest("b")}`,
        "PUT /v2/shop/web/manifests/production",
        `GET /v2/shop/web/referrers/${digest("a")}`,
      ),
      findings: [],
    });
    expect(summary).toContain("### Images promoted");
    expect(summary).toContain("`production`, `1.2.0` | linux/amd64, linux/arm64 |");
    expect(summary).toContain(
      "2 × `application/spdx+json`, `application/vnd.dev.sigstore.bundle.v0.3+json`",
    );
    expect(summary).toContain("3 blobs were mounted, 2 copied (25.2 MB). 8 requests: 1 token,");
    for (const part of ["1 HEAD manifest", "1 GET manifest", "2 POST upload", "1 GET blob"])
      expect(summary).toContain(part);
    expect(summary).toContain("1 GET referrer");
    expect(summary).toContain("**Left alone:**");
    expect(summary).not.toContain("**Back:**");
  });

  test("has a line back for each tag that moved, and says where it stopped", () => {
    const summary = promotionSummary({
      images: [image({ tags: ["production"], displaced: { production: digest("f") } })],
      changed: true,
      sent: [],
      findings: [{ rule: "images", holds: false, code: "RA2007", saw: "1.2.0 is immutable" }],
    });
    expect(summary).toContain("### Only some tags were given");
    expect(summary).toContain("1.2.0 is immutable");
    expect(summary).toContain(
      `registry.example.org/shop/web@${digest("f")} -> registry.example.org/shop/web`,
    );
  });

  test("of nothing to do, and of a refusal, says that nothing was written", () => {
    expect(
      promotionSummary({ images: [image()], changed: false, sent: [], findings: [] }),
    ).toContain("Nothing was left to do");
    const refused = refusedPromotionSummary([
      { rule: "existing", holds: false, code: "RA2009", saw: "production is another one" },
    ]);
    expect(refused).toContain("Nothing was written.");
    expect(refused).toContain("RA2009");
  });

  test("is not changed in its structure by what a registry says", () => {
    const foreign = "x` | <script>\n# no";
    const plain = promotionSummary({
      images: [image({ carried: [{ digest: digest("c"), artifactType: "x" }] })],
      changed: true,
      sent: [],
      findings: [],
    });
    const hostile = promotionSummary({
      images: [image({ carried: [{ digest: digest("c"), artifactType: foreign }] })],
      changed: true,
      sent: [],
      findings: [],
    });
    expect(hostile.split("\n")).toHaveLength(plain.split("\n").length);
    // A code span that no backtick of it ends.
    expect(hostile).toContain("| ``x` \\| <script> # no`` |");
  });
});
