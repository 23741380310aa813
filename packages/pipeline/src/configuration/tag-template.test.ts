import { expect, test } from "vitest";
import { fillTag, holdsTime, tagForm, unfilledIn, wrongInTag } from "./tag-template.ts";

const commit = "4be7a90f1d22c0ffee00c0ffee00c0ffee00c0ff";
const values = { environment: "prod", commit, "short-sha": commit.slice(0, 7), version: "1.0.0+5" };
const at = (instant: string, zone = "UTC") => ({ at: new Date(instant), zone });

test.each([
  ["${environment}-${short-sha}-${date:DD-MM-YYYY}.${unix}", "prod-4be7a90-06-01-2026.1767690000"],
  ["${short-sha:8}", "4be7a90f"],
  ["${short-sha:40}", commit],
  ["${date}", "2026-01-06"],
  ["${date:YYMMDDTHHmmss}", "260106T090000"],
  ["${version}", "1.0.0-5"],
  ["${digest}", "${digest}"],
  ["${constructor}", "${constructor}"],
  ["${date", "${date"],
])("%s is filled as %s", (template, expected) => {
  expect(fillTag(template, values, at("2026-01-06T09:00:00Z"))).toBe(expected);
});

test("the date is that of the team's zone, across midnight, the year's end and summer time", () => {
  const format = "${date:DD-MM-YYYY.HH}";
  expect(fillTag(format, {}, at("2025-12-31T23:30:00Z", "Europe/Oslo"))).toBe("01-01-2026.00");
  expect(fillTag(format, {}, at("2026-01-01T03:00:00Z", "America/New_York"))).toBe("31-12-2025.22");
  expect(fillTag(format, {}, at("2026-03-29T01:00:00Z", "Europe/Oslo"))).toBe("29-03-2026.03");
});

test("without a moment a time is left, and more digits of a commit than are known", () => {
  expect(fillTag("${unix}", values)).toBe("${unix}");
  expect(fillTag("${short-sha:8}", { "short-sha": "4be7a90" })).toBe("${short-sha:8}");
  expect(unfilledIn("${url}-${short-sha:8}-${unix}", { "short-sha": "4be7a90" })).toEqual([
    "url",
    "short-sha:8",
  ]);
});

test.each([
  ["${environment}-${short-sha:7}-${date:DD-MM-YYYY}.${unix}", []],
  ["${short-sha:3}-${short-sha:41}-${short-sha:x}", ["short-sha:3", "short-sha:41", "short-sha:x"]],
  ["${date:D-M}-${date:}-${date:DDD}", ["date:D-M", "date:", "date:DDD"]],
  ["${commit:8}-${nope}-${}-${constructor}", ["commit:8", "nope", "", "constructor"]],
])("%s names what does not exist: %j", (template, wrong) => {
  expect(wrongInTag(template, true)).toEqual(wrong);
});

test("a time belongs into tags that are given, not into those that are looked for", () => {
  expect(wrongInTag("${date:YYYY}-${unix}", false)).toEqual(["date:YYYY", "unix"]);
  expect([holdsTime("a-${date:YYYY}"), holdsTime("${unix}"), holdsTime("${version}")]).toEqual([
    true,
    true,
    false,
  ]);
});

test("a tag of an earlier attempt is known by its form; its date and its time need not agree", () => {
  const form = tagForm("${environment}-${short-sha}-${date:DD-MM-YYYY}.${unix}", values);
  expect(form.exec("prod-4be7a90-08-01-2026.1767690000")?.groups?.["unix"]).toBe("1767690000");
  for (const other of [
    "prod-4be7a90-8-01-2026.1767690000",
    "prod-c0ffee1-08-01-2026.1767690000",
    "prod-4be7a90-08-01-2026x1767690000",
    "prod-4be7a90-08-01-2026.1767690000-previous",
  ])
    expect(form.test(other)).toBe(false);
});

test("regular expressions in a value are text", () => {
  const form = tagForm("${environment}.${unix}", { environment: "a.+" });
  expect([form.test("a.+.1"), form.test("abb.1")]).toEqual([true, false]);
});
