/** RA36xx: deployment by a job template of AWX. */
export const awx = {
  RA3601: {
    title: "AWX's address cannot be used",
    means: "It is no https:// address, or it leads somewhere else. The token was not sent there.",
    next: "Correct `deploy.awx-url`: the address that people open, such as https://awx.example.org.",
  },
  RA3602: {
    title: "AWX does not know the caller",
    means: "The token is expired, revoked, or of another AWX. Nothing was launched.",
    next: "Make a new token in AWX (Users, Tokens, scope Write) and replace the secret of `awx-token`.",
  },
  RA3603: {
    title: "AWX forbids it",
    means: "The token's user may not launch the job template, or its scope is Read.",
    next: "Give the user the role Execute of the job template, and the token the scope Write.",
  },
  RA3604: {
    title: "AWX has no such job template",
    means: "There is none of that name or id that the token's user can see, or there are several.",
    next: "Correct `deploy.awx-template`, or give the user the role Execute of it.",
  },
  RA3605: {
    title: "The job template does not take a release",
    means:
      "AWX would launch it without the release's images and say nothing, or would not launch it at all. Nothing was launched.",
    next: "Correct the job template in AWX as it is named.",
  },
  RA3606: {
    title: "AWX answers with an error",
    means: "The request was understood and not carried out.",
    next: "Look at AWX's sentence, then run the job again.",
  },
  RA3607: {
    title: "The AWX job failed",
    means: "A task of the playbook failed on a host, or a host could not be reached.",
    next: "Open the job in AWX at the task that is named, correct the cause, then run the job again.",
  },
  RA3608: {
    title: "The AWX job was cancelled",
    means: "Somebody stopped it in AWX; what it had done by then stays.",
    next: "Ask who cancelled it, then run the job again.",
  },
  RA3609: {
    title: "The AWX job was not done before the deadline",
    means: "It was cancelled in AWX; what it had done by then stays.",
    next: "Open the job in AWX, or give a longer `timeout`.",
  },
  RA3610: {
    title: "AWX could not run the job",
    means: "The playbook was not started or broke off: its project, its inventory or its node.",
    next: "Open the job in AWX, correct what it says, then run the job again.",
  },
  RA3611: {
    title: "The AWX job goes on, and nobody can say how it ends",
    means:
      "It was not done before the deadline and could not be cancelled, or it is no longer there.",
    next: "Open the job in AWX and wait for its end, then run the job again: it launches nothing twice.",
  },
  RA3612: {
    title: "The release was taken back by an earlier attempt",
    means:
      "This run had launched the job that takes the release back before it was cut off; the release is not brought out anew.",
    next: "Start a new run for the release when its cause is mended.",
  },
} as const;
