/** RA70xx: Zenodo. */
export const zenodo = {
  RA7001: {
    title: "Zenodo refused the token",
    means:
      "The token is missing, expired or revoked, or belongs to another server (sandbox.zenodo.org has tokens of its own).",
    next: "Make a token with the scopes deposit:write and deposit:actions, and give it as `zenodo-token`.",
  },
  RA7002: {
    title: "Zenodo does not let this account do that",
    means:
      "The record belongs to another account, or the token lacks a scope. Nothing was written by this request.",
    next: "Use a token of the record's owner with the scopes deposit:write and deposit:actions.",
  },
  RA7003: {
    title: "Zenodo refused the metadata or the files",
    means:
      "The record lacks something that Zenodo demands, or holds a value that it does not take. Nothing was published.",
    next: "Correct the named fields in .zenodo.json (or CITATION.cff) and run the job again.",
  },
  RA7004: {
    title: "Zenodo has no such record",
    means:
      "The record, the draft or the community that is named does not exist there, or was discarded by hand.",
    next: "Correct `zenodo.concept` (the DOI for all versions), or reserve the DOI again.",
  },
  RA7005: {
    title: "Zenodo's limit of requests is used up",
    means:
      "Zenodo allows 100 requests a minute and 5000 an hour. Nothing was written by this request.",
    next: "Run the job again after the time that is named: it continues where it stopped.",
  },
  RA7006: {
    title: "Zenodo answered something unexpected",
    means: "The answer is not one that Zenodo's interface promises, or the service is failing.",
    next: "Look at Zenodo's status page, then run the job again: it continues where it stopped.",
  },
  RA7007: {
    title: "Another draft of the record is open",
    means:
      "Zenodo allows one new version at a time, and somebody has started one that is not this release's. It was left alone.",
    next: "Publish or discard that draft on Zenodo, or give its id as the deposition of this release.",
  },
  RA7008: {
    title: "The reserved draft is of another release",
    means:
      "The draft or record that is remembered for this release carries another version or another concept.",
    next: "Reserve the DOI of this version again, or correct the id.",
  },
  RA7009: {
    title: "Several drafts carry this release's key",
    means:
      "An earlier run was cut off while it made the draft. Which of their DOIs is in use cannot be told from Zenodo.",
    next: "Discard all but one of the named drafts on Zenodo, keeping the one whose DOI is in the changelog, and run the job again.",
  },
  RA7010: {
    title: "The files on Zenodo differ from the release's",
    means:
      "The draft or record holds other files or other bytes than this release. A published record cannot be changed.",
    next: "Remove the named files from the draft on Zenodo; of a published record, publish a new version.",
  },
  RA7011: {
    title: "A citation file cannot be read",
    means: ".zenodo.json is not a JSON object, or CITATION.cff is not a YAML mapping.",
    next: "Correct the file at the named place.",
  },
  RA7012: {
    title: "The citation metadata lack something",
    means:
      "Zenodo publishes nothing without a title of at least three letters and a creator with a name.",
    next: "Add the named field to .zenodo.json (or CITATION.cff).",
  },
  RA7013: {
    title: "A field of the citation metadata cannot be used",
    means:
      "Zenodo would refuse the record, or fail to read the file at all, because of this value.",
    next: "Correct the named field.",
  },
  RA7014: {
    title: "An ORCID is wrong",
    means: "Its form or its check digit is not that of an ORCID.",
    next: "Copy the ORCID from https://orcid.org; its form is 0000-0002-1825-0097.",
  },
  RA7015: {
    title: "CITATION.cff is not used",
    means: "Where there is a .zenodo.json, Zenodo does not read CITATION.cff at all.",
    next: "Keep what Zenodo is to show in .zenodo.json, or remove that file.",
  },
  RA7016: {
    title: "Zenodo drops fields of the citation file",
    means: "The file holds fields that Zenodo does not read, or that the release sets by itself.",
    next: "Put them into .zenodo.json under Zenodo's names if the record is to show them.",
  },
  RA7017: {
    title: "There are no citation metadata",
    means:
      "The released commit has neither .zenodo.json nor CITATION.cff, so that nobody says who made it.",
    next: "Add a .zenodo.json with title and creators.",
  },
  RA7018: {
    title: "The community has declined the record",
    means:
      "Its curators have closed the review without accepting. The draft and its DOI are kept; nothing was published.",
    next: "Read the curators' comments on Zenodo, then submit again there, or take `zenodo.community` out.",
  },
  RA7019: {
    title: "Zenodo takes no files of this size or number",
    means: "A record holds at most 100 files and 50 GB.",
    next: "Publish one archive instead of many files, or ask Zenodo for more room.",
  },
  RA7020: {
    title: "That is not the name of a Zenodo record",
    means:
      "A concept is named by its DOI, such as 10.5281/zenodo.1000001, or by the number at its end.",
    next: "Correct `zenodo.concept`.",
  },
  RA7021: {
    title: "A file changed on its way to Zenodo",
    means: "Zenodo computed another checksum than the release has. Nothing was published.",
    next: "Run the job again: the file is sent anew.",
  },
} as const;
