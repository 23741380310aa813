import { expect, test } from "vitest";
import { junit } from "./junit.ts";

test("is well-formed whatever the answers hold", () => {
  const text = junit({
    passed: false,
    results: [
      { name: 'a "b" <c>', passed: true, attempts: 1, milliseconds: 1234 },
      {
        name: "bad",
        passed: false,
        attempts: 3,
        milliseconds: 10,
        saw: "]]> <x> & \u0000\u001b\u202e\n",
        expected: "'ok'",
      },
    ],
    findings: [],
  });
  expect(text).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="smoke-test" tests="2" failures="1" errors="0" skipped="0" time="1.244">
  <testcase classname="smoke" name="a &#34;b&#34; &#60;c&#62;" time="1.234"/>
  <testcase classname="smoke" name="bad" time="0.010">
    <failure message="saw ]]&#62; &#60;x&#62; &#38; ���&#10;">expected &#39;ok&#39;, after 3 tries</failure>
  </testcase>
</testsuite>
`);
});
