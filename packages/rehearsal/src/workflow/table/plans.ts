import type { MatrixRow, PermissionRow } from "./row.ts";

const matrix = "docs workflow-syntax#jobsjob_idstrategymatrix";
const include = "docs workflow-syntax#jobsjob_idstrategymatrixinclude";
const exclude = "docs workflow-syntax#jobsjob_idstrategymatrixexclude";
const permissions = "docs workflow-syntax#permissions";

export const matrices: MatrixRow[] = [
  [
    "every combination, the first variable slowest",
    matrix,
    { a: [1, 2], b: ["x", "y"] },
    ["j (1, x)", "j (1, y)", "j (2, x)", "j (2, y)"],
  ],
  [
    "exclude takes one combination away",
    exclude,
    { a: [1, 2], b: ["x", "y"], exclude: [{ a: 1, b: "y" }] },
    ["j (1, x)", "j (2, x)", "j (2, y)"],
  ],
  [
    "exclude needs only a part",
    exclude,
    { a: [1, 2], b: ["x", "y"], exclude: [{ a: 1 }] },
    ["j (2, x)", "j (2, y)"],
  ],
  [
    "include that fits no combination is a job",
    include,
    { a: [1], include: [{ a: 3 }] },
    ["j (1)", "j (3)"],
  ],
  [
    "include adds back what exclude took",
    exclude,
    { a: [1, 2], exclude: [{ a: 2 }], include: [{ a: 2 }] },
    ["j (1)", "j (2)"],
  ],
  [
    "what include adds to a job is not in its name",
    "runner MatrixBuilder.cs",
    { a: [1, 2], include: [{ a: 2, c: "z" }, { d: "for all" }] },
    ["j (1)", "j (2)"],
  ],
  [
    "patterns are compared as == does",
    "runner MatrixBuilder.cs",
    { a: ["Linux", "x"], b: [1, 2], exclude: [{ a: "linux", b: "2" }] },
    ["j (Linux, 1)", "j (x, 1)", "j (x, 2)"],
  ],
  [
    "a pattern may name a part of an object",
    "runner MatrixBuilder.cs",
    {
      t: [
        { os: "a", v: 1 },
        { os: "b", v: 1 },
      ],
      exclude: [{ t: { os: "b" } }],
    },
    ["j (a, 1)"],
  ],
  [
    "keys of patterns whatever their case",
    "docs contexts#matrix-context",
    { OS: ["a", "b"], exclude: [{ os: "b" }] },
    ["j (a)"],
  ],
  [
    "values of one name are jobs of their own",
    "runner MatrixBuilder.cs",
    { a: [1, "1"] },
    ["j (1)", "j (1)"],
  ],
  [
    "nothing and empty texts are not in the name",
    "runner JobNameBuilder.cs",
    { a: [null, ""], b: [true] },
    ["j (true)", "j (true)"],
  ],
  [
    "a long name is cut",
    "runner JobNameBuilder.cs",
    { a: ["x".repeat(120)] },
    [`j (${"x".repeat(94)}...`],
  ],
  [
    "exclude of what is no variable",
    "runner MatrixBuilder.cs",
    { a: [1], exclude: [{ b: 1 }] },
    /Matrix exclude key 'b' does not match any key within the matrix/,
  ],
  [
    "an empty include",
    "runner MatrixBuilder.cs",
    { a: [1], include: [{}] },
    /does not contain any values/,
  ],
  [
    "nothing at all",
    "runner WorkflowTemplateConverter.cs",
    { include: [] },
    /Matrix must define at least one vector/,
  ],
  ["include alone", include, { include: [{ a: 1 }, { a: 2 }] }, ["j (1)", "j (2)"]],
  ["values that are objects", matrix, { t: [{ os: "linux", v: 1 }] }, ["j (linux, 1)"]],
  [
    "a variable without values",
    "vectors workflow-parser/errors-matrix-empty-vector.yml",
    { a: [] },
    /'a' does not contain any values/,
  ],
  [
    "a variable that is no list",
    "runner WorkflowTemplateConverter.cs",
    { a: "x" },
    /must be a sequence/,
  ],
  ["more than 256 jobs", matrix, { a: Array.from({ length: 257 }, (_, at) => at) }, /at most 256/],
];

export const tokens: PermissionRow[] = [
  [
    "nothing written: the restricted default",
    permissions,
    undefined,
    undefined,
    { contents: "read", packages: "read", metadata: "read" },
  ],
  ["{} takes everything away", permissions, {}, undefined, { metadata: "read" }],
  [
    "what is not named is none",
    permissions,
    { contents: "write" },
    undefined,
    { contents: "write", metadata: "read" },
  ],
  [
    "the job's stand for the workflow's",
    "docs workflow-syntax#jobsjob_idpermissions",
    { contents: "write" },
    { issues: "read" },
    { issues: "read", metadata: "read" },
  ],
  [
    "{} of a job",
    "docs workflow-syntax#jobsjob_idpermissions",
    { contents: "write" },
    {},
    { metadata: "read" },
  ],
  [
    "none is none",
    permissions,
    { contents: "none", issues: "write" },
    undefined,
    { issues: "write", metadata: "read" },
  ],
];
