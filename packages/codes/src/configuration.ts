/** RA11xx: the pipeline's file. */
export const configuration = {
  RA1101: {
    title: "The pipeline's file is missing",
    means: "The default branch has no file at the path of the input `config`.",
    next: "Commit .github/release-pipeline.yml to the default branch, or correct the input `config`.",
  },
  RA1102: {
    title: "A file cannot be read as YAML",
    means: "The text is not YAML 1.2, is larger than 256 KiB, too deep, or uses too many aliases.",
    next: "Correct the file at the line and column that are named.",
  },
  RA1103: {
    title: "A key or value of the file is wrong",
    means:
      "Every key must be known and every value of its type: a misspelt rule would otherwise be no rule.",
    next: "Correct the file at the line and column that are named.",
  },
  RA1104: {
    title: "A name in the file does not exist",
    means: "A role or an environment is used that the file does not define.",
    next: "Define the name, or correct it where it is used.",
  },
  RA1105: {
    title: "The file does not say what this step needs",
    means: "The step works from the pipeline's file, and the file lacks the group or key.",
    next: "Add the key that is named to .github/release-pipeline.yml, or give the input.",
  },
} as const;
