import type { FileRow, LineRow } from "./row.ts";

const parser = "runner FileCommandManager.cs";
const multiline = "docs workflow-commands#multiline-strings";
const commands = "docs workflow-commands#about-workflow-commands";
const properties = "runner ActionCommand.cs";

export const files: FileRow[] = [
  ["several pairs", "docs workflow-commands#environment-files", "a=1\nb=2\n", { a: "1", b: "2" }],
  ["the last line needs no end", parser, "a=1", { a: "1" }],
  ["the first = divides", parser, "a=b=c\n", { a: "b=c" }],
  ["a = before << makes it no block", parser, "a=<<b\n", { a: "<<b" }],
  ["blanks are part of the value", parser, "a= spaced \n", { a: " spaced " }],
  ["empty lines and empty values", parser, "\n\na=\n", { a: "" }],
  ["a block of lines", multiline, "a<<E\none\ntwo\nE\n", { a: "one\ntwo" }],
  ["the end of a block may be the file's", parser, "a<<E\none\ntwo\nE", { a: "one\ntwo" }],
  ["an empty block", parser, "a<<E\nE\nb=1\n", { a: "", b: "1" }],
  ["empty lines in a block", parser, "a<<E\n\n\nE\n", { a: "\n" }],
  ["pairs in a block are text", multiline, "a<<E\nx=1\nE\n", { a: "x=1" }],
  ["a delimiter with =", parser, "a<<E=F\nv\nE=F\n", { a: "v" }],
  ["a block that does not end", parser, "a<<E\none\n", {}, /Matching delimiter not found 'E'/],
  ["a block whose last line does not end", parser, "a<<E\none", {}, /EOF marker missing new line/],
  [
    "neither pair nor block; what is before it counts",
    parser,
    "a=1\nnonsense\n",
    { a: "1" },
    /Invalid format 'nonsense'/,
  ],
  ["a block without a name", parser, "<<E\nx\nE\n", {}, /Name must not be empty/],
  ["a block without a delimiter", parser, "a<<\nx\n", {}, /delimiter must not be empty/],
];

export const logLines: LineRow[] = [
  [
    "a command",
    commands,
    "::error::it broke",
    { name: "error", properties: {}, value: "it broke" },
  ],
  [
    "blanks before it, properties, escapes",
    properties,
    "  ::warning file=a.ts,line=3,title=A%2C B%3A C::x%0Ay %25",
    { name: "warning", properties: { file: "a.ts", line: "3", title: "A, B: C" }, value: "x\ny %" },
  ],
  [
    "its name whatever its case",
    commands,
    "::ERROR::x",
    { name: "error", properties: {}, value: "x" },
  ],
  [
    "colons in the value",
    properties,
    "::error::a::b",
    { name: "error", properties: {}, value: "a::b" },
  ],
  [
    "a comma and a colon of a value stay escaped",
    properties,
    "::error::%2C%3A",
    { name: "error", properties: {}, value: "%2C%3A" },
  ],
  [
    "empty properties are none",
    properties,
    "::notice file=,line=::x",
    { name: "notice", properties: {}, value: "x" },
  ],
  ["text before it", properties, "a ::error::x", undefined],
  ["an unknown command is text", properties, "::unknown::x", undefined],
  ["without the second ::", properties, "::error x", undefined],
  [
    "what is unescaped is not unescaped again",
    properties,
    "::debug::%2525",
    { name: "debug", properties: {}, value: "%25" },
  ],
  [
    "the old form, anywhere in the line",
    properties,
    "title: ##[error]it broke",
    { name: "error", properties: {}, value: "it broke" },
  ],
  [
    "the old form's properties and escapes",
    properties,
    "##[set-output name=a%3Bb;x=1]%5D%0A%3A",
    { name: "set-output", properties: { name: "a;b", x: "1" }, value: "]\n%3A" },
  ],
  [
    "the old form behind what is no command",
    properties,
    "::nope::##[debug]x",
    { name: "debug", properties: {}, value: "x" },
  ],
  ["the old form of an unknown command", properties, "##[nope]x", undefined],
  ["the old form that does not end", properties, "##[error x", undefined],
];
