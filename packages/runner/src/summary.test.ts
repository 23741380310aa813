import { expect, test } from "vitest";
import { cutSummary, faultSummary } from "./summary.ts";

test("a fault's summary has title, what was seen and the next step; foreign text makes no mark-up", () => {
  expect(
    faultSummary({
      title: "RA1 Bad",
      saw: "<b>Seen</b> by @olga.",
      next: "Do.",
      link: "https://example.org/x#ra1",
    }),
  ).toBe(
    "### RA1 Bad\n\n&lt;b&gt;Seen&lt;/b&gt; by @\u2060olga.\n\n**Next:** Do.\n\n[What this code means](https://example.org/x#ra1)\n",
  );
});

test("what runs now is said before what broke", () => {
  expect(
    faultSummary({ headline: "Staging *runs* 1.", title: "RA1 Bad", saw: "Seen.", next: "Do." }),
  ).toBe("### Staging \\*runs\\* 1.\n\n**RA1 Bad**\n\nSeen.\n\n**Next:** Do.\n");
});

test("a short summary is not touched", () => expect(cutSummary("x")).toBe("x"));
