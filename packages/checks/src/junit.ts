import type { ChecksReport } from "./check.ts";

/** The report as a JUnit file, the form that other tools read. */
export function junit(report: ChecksReport): string {
  const cases = report.results.map((result) => {
    const open = `  <testcase classname="smoke" name="${xml(result.name)}" time="${seconds(result.milliseconds)}"`;
    if (result.passed) return `${open}/>`;
    return `${open}>\n    <failure message="${xml(`saw ${result.saw ?? ""}`)}">${xml(`expected ${result.expected ?? ""}, after ${result.attempts} tries`)}</failure>\n  </testcase>`;
  });
  const failures = report.results.filter((result) => !result.passed).length;
  const time = seconds(report.results.reduce((sum, result) => sum + result.milliseconds, 0));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="smoke-test" tests="${report.results.length}" failures="${failures}" errors="0" skipped="0" time="${time}">`,
    ...cases,
    "</testsuite>",
    "",
  ].join("\n");
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

/** Text and attribute values; characters that XML does not have, or that turn the reading direction, are shown as �. */
function xml(text: string): string {
  return (
    text
      .toWellFormed()
      // eslint-disable-next-line no-control-regex -- control characters are what is looked for
      .replace(
        /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/g,
        "�",
      )
      .replace(/[&<>"']|[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
  );
}
