/** RA20xx: registry. */
export const registry = {
  RA2001: {
    title: "An image reference cannot be read",
    means:
      "The text is not a host, a repository, and a tag or digest. Nothing was asked of any registry.",
    next: "Write it as registry.example.org/group/name:tag or registry.example.org/group/name@sha256:….",
  },
  RA2002: {
    title: "The registry's credentials cannot be used",
    means:
      "The Docker configuration is not JSON, or the credential program that it names did not give this registry's login.",
    next: "Give registry-username and registry-password, or log in again in this job; a credential program has to be on its PATH.",
  },
  RA2003: {
    title: "The image is not in the registry",
    means: "The registry does not know this tag or digest. Nothing was written.",
    next: "Check that the build pushed the image to this repository, then run the job again.",
  },
  RA2004: {
    title: "The registry refuses access",
    means:
      "The credentials are missing, wrong, expired, or not allowed to do this in the repository.",
    next: "Check registry-username and registry-password; on ghcr.io the job needs `packages: write` and the package must allow this repository.",
  },
  RA2005: {
    title: "The registry sends its callers to a foreign host for a token",
    means:
      "Credentials are given only to the registry's own host, to a token host known to belong to it, to the one that `registry-token-host` names, or to one for which config.json has the same login. Nothing was sent there.",
    next: "Check the registry's address. If both hosts are yours, as with a GitLab of your own, name the token host in `registry-token-host`; where the login is from config.json, give the same login for the token host there.",
  },
  RA2006: {
    title: "Content does not match its digest",
    means:
      "The bytes that the registry sent, or says it has stored, are not those that the digest names.",
    next: "Run the job again; if it comes again, do not deploy this image and ask the registry's operator.",
  },
  RA2007: {
    title: "The registry did not accept the request",
    means: "The registry understood the request and refused it for the reason it gives.",
    next: "Follow the registry's own sentence: immutable tags, quotas and retention rules are set there.",
  },
  RA2008: {
    title: "The image has another digest than expected",
    means:
      "What the source names is not the build that was tested or approved. Nothing was written.",
    next: "Promote the digest that was tested, or correct expect-digest.",
  },
  RA2009: {
    title: "The tag exists already with another digest",
    means: "With `existing: refuse` a tag is never moved. Nothing was written to it.",
    next: "Use another tag, or set `existing: move` if this tag may move.",
  },
  RA2010: {
    title: "The digest is one platform's part of the image",
    means:
      "The source's tag is an image for several platforms, and the digest names one of them. Promoted alone it would take the image from the other platforms, and its signatures with it. Nothing was written.",
    next: "Promote the digest of the whole image, which the message names.",
  },
  RA2011: {
    title: "The tag was moved by somebody else",
    means:
      "Between this run's first look at the tag and its write somebody gave it another digest. This run left it alone.",
    next: "See which run moved it, and run this job again if its digest is the one to have. A `concurrency:` group lets one run wait for the other.",
  },
  RA2012: {
    title: "Another run gave the tag another digest at the same moment",
    means:
      "With `existing: refuse` two runs wrote one tag, each before it could see the other's write. The registry kept the later write. This run wrote nothing more.",
    next: "See which digest the tag is to have, and run that job again. A `concurrency:` group, or a registry whose tags cannot move, keeps two runs apart.",
  },
} as const;
