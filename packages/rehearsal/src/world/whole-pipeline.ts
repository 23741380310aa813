import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const api = "https://api.github.com/repos/team";
const pinned = "bcd2ba49218906704ab6c1aa796996da409d3eb1";

const files: Record<string, string> = {
  ".github/workflows/commands.yml": `
name: Commands
on: {issue_comment: {types: [created]}}
permissions: {}
jobs:
  read:
    if: >-
      !github.event.issue.pull_request && startsWith(github.event.comment.body, '/')
      && contains(github.event.issue.labels.*.name, 'release') && github.event.comment.user.type == 'User'
    runs-on: ubuntu-latest
    permissions: {issues: write}
    outputs: {command: '\${{ steps.read.outputs.command }}'}
    steps:
      - id: read
        env: {BODY: '\${{ github.event.comment.body }}', TOKEN: '\${{ github.token }}', NUMBER: '\${{ github.event.issue.number }}'}
        run: |
          echo "command=\${BODY%% *}" >> "$GITHUB_OUTPUT"
          curl -sSf -X POST -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{"body":"/seen"}' "${api}/product/issues/$NUMBER/comments"
  publish:
    needs: read
    if: needs.read.outputs.command == '/accept'
    runs-on: ubuntu-latest
    environment: {name: publication, deployment: false}
    outputs: {there: "\${{ secrets.KEY != '' }}"}
    steps: [{run: 'true'}]
`,
  ".github/workflows/app.yml": `
name: App
on: workflow_dispatch
permissions: {}
jobs:
  tag:
    runs-on: ubuntu-latest
    outputs: {slug: '\${{ steps.app.outputs.app-slug }}'}
    steps:
      - id: app
        uses: actions/create-github-app-token@${pinned}
        with: {app-id: '\${{ vars.APP }}', private-key: '\${{ secrets.APP_KEY }}', repositories: indexer, permission-contents: write}
      - env: {TOKEN: '\${{ steps.app.outputs.token }}'}
        run: |
          echo "the token is $TOKEN" | tee -a "$GITHUB_STEP_SUMMARY"
          say() { curl -sSf -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' "$@"; }
          sha=$(say ${api}/indexer/git/ref/heads/trunk | tr -d ' \\n' | sed 's/.*"sha":"\\([0-9a-f]*\\)".*/\\1/')
          say -X POST -d "{\\"ref\\":\\"refs/tags/1.0.0\\",\\"sha\\":\\"$sha\\"}" ${api}/indexer/git/refs
`,
  ".github/workflows/propose.yml": `
name: Propose
on: workflow_dispatch
permissions: {}
jobs:
  open:
    runs-on: ubuntu-latest
    permissions: {contents: write, pull-requests: write}
    steps:
      - env: {TOKEN: '\${{ github.token }}'}
        run: |
          say() { curl -sSf -X POST -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' "$@" > /dev/null; }
          say -d "{\\"ref\\":\\"refs/heads/changelog\\",\\"sha\\":\\"$GITHUB_SHA\\"}" ${api}/product/git/refs
          say -d '{"query":"mutation($i: CreateCommitOnBranchInput!){createCommitOnBranch(input:$i){commit{oid}}}","variables":{"i":{"branch":{"repositoryNameWithOwner":"team/product","branchName":"changelog"},"message":{"headline":"Changelog"},"expectedHeadOid":"'$GITHUB_SHA'","fileChanges":{"additions":[{"path":"CHANGELOG.md","contents":"MS4wLjA="}]}}}}' https://api.github.com/graphql
          say -d '{"title":"Changelog of 1.0.0","head":"changelog","base":"main","body":"For the release."}' ${api}/product/pulls
`,
  ".github/workflows/too-much.yml": `
name: Too much
on: workflow_dispatch
permissions: {}
jobs:
  ask:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/create-github-app-token@${pinned}
        with: {app-id: '\${{ vars.APP }}', private-key: '\${{ secrets.APP_KEY }}', permission-administration: write}
`,
  ".github/workflows/tell.yml": `
name: Tell
on: workflow_dispatch
permissions: {}
jobs:
  mail:
    runs-on: ubuntu-latest
    steps:
      - env: {PASSWORD: '\${{ secrets.SMTP_PASSWORD }}'}
        run: |
          printf 'From: r@example.org\\r\\nTo: u@example.org\\r\\nSubject: Released\\r\\nMessage-ID: <1@example.org>\\r\\nDate: Mon, 2 Mar 2026 08:00:00 +0000\\r\\n\\r\\nVersion 1.0.0 is out\\r\\n' > letter
          curl -sS -p -x "$https_proxy" --cacert "$CURL_CA_BUNDLE" -u "releases:$PASSWORD" --mail-from r@example.org --mail-rcpt u@example.org -T letter smtps://smtp.example.org:465
  chat:
    runs-on: ubuntu-latest
    steps:
      - env: {HOOK: '\${{ secrets.HOOK }}'}
        run: |
          curl -sSf -H 'content-type: application/json' -d '{"text":"1.0.0 is out"}' "$HOOK"
`,
  ".github/workflows/reviewed.yml": `
name: Reviewed
on: workflow_dispatch
concurrency: {group: production, queue: max}
permissions: {}
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: {name: production, deployment: false}
    permissions: {actions: read}
    outputs: {by: '\${{ steps.ask.outputs.by }}'}
    steps:
      - id: ask
        env: {TOKEN: '\${{ github.token }}'}
        run: |
          curl -sSf -H "authorization: Bearer $TOKEN" "${api}/product/actions/runs/$GITHUB_RUN_ID/approvals" | tr -d ' \\n' > reviews
          echo "by=$(grep -o '"login":"[a-z]*"' reviews | head -1)" >> "$GITHUB_OUTPUT"
`,
  ".github/workflows/slow.yml": `
name: Slow
on: workflow_dispatch
concurrency: {group: slow, queue: max}
permissions: {}
jobs:
  wait:
    runs-on: ubuntu-latest
    steps: [{run: 'kubectl wait; sleep 0.3'}]
`,
  ".github/workflows/pushed.yml": `
name: Pushed
on: {push: {branches: [main, trunk]}}
permissions: {}
jobs:
  build:
    runs-on: ubuntu-latest
    steps: [{run: 'true'}]
`,
  "programs/kubectl": `#!/bin/sh
echo "::notice::kubectl $* of the rehearsal"
`,
  "image/server.mjs": "console.log('up');\n",
};

const rehearsal = `
title: Whole
repository: {name: team/product}
repositories: [{name: team/indexer, default-branch: trunk}]
start: 2026-03-02T08:00:00Z
people: {ann: {access: write}, bob: {access: write}}
hosts: {registry.example.org: registry, smtp.example.org: smtp, hooks.slack.com: chat}
smtp: {accounts: [releases]}
chat: {hooks: {users: {slack: hooks.slack.com}}}
apps: {release-bot: {id: 4711, repositories: [product, indexer], permissions: {contents: write}}}
programs: programs
registry: {accounts: {ci: push}}
components:
  web: {image: registry.example.org/team/web, entrypoint: [node, server.mjs], variants: {good: [image]}}
  indexer: {image: registry.example.org/team/indexer, repository: indexer, entrypoint: [node, server.mjs], variants: {good: [image]}}
vars: {APP: 4711}
secrets:
  APP_KEY: {app-key: release-bot}
  SMTP_PASSWORD: {smtp-password: releases}
  HOOK: {chat-hook: users}
environments:
  publication: {secrets: {KEY: {value: seventeen letters}}}
  production: {reviewers: [bob]}
history:
  - {commit: {message: First, from: [.github]}, by: ann, as: first}
  - {commit: {repository: indexer, message: Index, files: {a.txt: a}}, by: ann, as: index}
scenarios:
  - name: several repositories
    acts:
      - {build: {of: first, version: 1.0.0}, as: one}
      - {commit: {message: Second, files: {b.txt: b}}, by: ann, as: second}
      - {build: {of: second, version: 1.1.0}, as: two}
      - {merge: {repository: indexer, title: Faster, files: {c.txt: c}}, by: ann, as: faster}
      - {build: {of: [second, faster], version: 1.2.0, checks: {build: success}}, as: three}
      - {tag: {name: 1.2.0, at: faster}, by: ann}
    expect:
      - {name: own commit, tag: {name: '\${commit:first}', is: one, components: [web]}}
      - {name: other commit, tag: {name: '\${commit:index}', is: one, components: [indexer]}}
      - {name: an unchanged component is the same image, tag: {name: '\${commit:index}', is: two, components: [indexer]}}
      - {name: both changed, tag: {name: '\${commit:faster}', is: three, components: [indexer]}}
      - {name: tagged there, git-tag: {repository: indexer, name: 1.2.0, is: faster}}
      - {name: and not here, git-tag: {name: 1.2.0, is: none}}
      - {name: file, file: {repository: indexer, branch: 1.2.0, path: c.txt, contains: [c]}}
  - name: commands
    acts:
      - {issue: {title: Release 1.0.0, labels: [release], body: "- [ ] Backups\\n- [ ] Docs"}, by: ann, as: issue}
      - {issue: {title: Talk}, by: ann, as: talk}
      - {comment: {titled: Release 1.0.0, body: /accept 1.0.0}, by: bob, as: accepted}
      - {comment: {on: talk, body: /accept 1.0.0}, by: bob, as: elsewhere}
      - {comment: {on: issue, body: fine}, by: bob, as: words}
    expect:
      - {name: published, job: {of: accepted, job: publish, is: success, outputs: {there: 'true'}}}
      - {name: not elsewhere, job: {of: elsewhere, job: read, is: skipped}}
      - {name: not for words, job: {of: words, job: read, is: skipped}}
      - {name: the bot's own comment starts nothing, issue: {of: issue, comments: 3, contains: [/seen]}}
  - name: the issue is worked on
    acts:
      - {issue: {title: Release 1.0.0, body: "- [ ] Backups\\n- [ ] Docs"}, by: ann, as: issue}
      - {issue: {title: Sub}, by: ann}
      - {tick: {on: issue, item: Backups}, by: bob}
      - {tick: {titled: Release 1.0.0, item: Docs}, by: bob}
      - {untick: {on: issue, item: Docs}, by: bob}
      - {close-issue: {titled: Sub}, by: bob}
      - {close-issue: {of: issue}, by: bob}
      - {reopen-issue: {of: issue}, by: bob}
      - {edit-issue: {titled: Sub, title: Sub-issue}, by: bob}
      - {milestone: {title: 1.0.0}, by: ann}
    expect:
      - {name: ticked, issue: {titled: Release 1.0.0, is: open, count: 1, contains: ['- [x] Backups', '- [ ] Docs'], lacks: ['[x] Docs']}}
      - {name: closed, issue: {titled: Sub-issue, is: closed}}
      - {name: no other, issue: {titled: Nothing, is: none}}
      - {name: milestone, milestone: {title: 1.0.0, is: open}}
      - {name: no milestone, milestone: {title: 2.0.0, is: none}}
      - {name: no pull, pull: {titled: Changelog, is: none}}
  - name: an item that is not there
    acts:
      - {issue: {title: Release, body: "- [ ] Backups"}, by: ann, as: issue}
      - {tick: {on: issue, item: Docs}, by: bob}
    expect: []
  - name: an app
    acts:
      - {dispatch: {workflow: app.yml}, by: ann, as: started}
    expect:
      - {name: slug, job: {of: started, job: tag, is: success, outputs: {slug: release-bot}}}
      - {name: tagged, git-tag: {repository: indexer, name: 1.0.0, is: index}}
      - {name: revoked, requests: {to: github, method: DELETE, path: /installation/token, count: 1}}
      - {name: masked, message: {of: started, contains: ['the token is ***']}}
  - name: a pull request of a workflow
    acts:
      - {dispatch: {workflow: propose.yml}, by: ann, as: proposed}
      - {merge-pull: {titled: Changelog of 1.0.0}, by: bob, as: merged}
    expect:
      - {name: merged, pull: {of: merged, is: merged, by: 'github-actions[bot]', contains: [For the release.]}}
      - {name: one, pull: {titled: Changelog of 1.0.0, is: merged, count: 1}}
      - {name: in main, file: {branch: main, path: CHANGELOG.md, contains: [1.0.0]}}
      - {name: the merge is a push, run: {of: merged, workflow: pushed.yml, is: success}}
  - name: an app that asks for too much
    acts:
      - {dispatch: {workflow: too-much.yml}, by: ann, as: started}
    expect:
      - {name: refused, run: {of: started, is: failure}}
  - name: messages
    acts:
      - {dispatch: {workflow: tell.yml}, by: ann, as: told}
    expect:
      - {name: green, run: {of: told, is: success}}
      - {name: mail, mail: {since: told, to: u@example.org, contains: [Released, Version 1.0.0], count: 1}}
      - {name: nobody else, mail: {to: other@example.org, count: 0}}
      - {name: chat, chat: {hook: users, contains: [1.0.0 is out], count: 1}}
      - {name: writes, writes: {since: told, to: {smtp: 1, chat: 1}}}
  - name: messages with faults
    acts:
      - {fault: {at: smtp, path: CONNECT, does: reset}}
      - {fault: {at: chat, path: /services/, when: after, does: 500}}
      - {dispatch: {workflow: tell.yml}, by: ann, as: told}
    expect:
      - {name: red, run: {of: told, is: failure}}
      - {name: no mail, mail: {count: 0}}
      - {name: delivered all the same, chat: {count: 1}}
  - name: a review
    acts:
      - {dispatch: {workflow: reviewed.yml}, by: ann, as: started}
      - {advance: 1h}
      - {review-environment: {of: started, environment: production, state: approved, comment: go}, by: bob}
    expect:
      - {name: approved, job: {of: started, job: deploy, is: success, outputs: {by: '"login":"bob"'}}}
  - name: a review that says no
    acts:
      - {dispatch: {workflow: reviewed.yml}, by: ann, as: started}
      - {review-environment: {of: started, environment: production, state: rejected}, by: bob}
    expect:
      - {name: rejected, run: {of: started, is: failure}}
  - name: nobody reviews
    acts:
      - {dispatch: {workflow: reviewed.yml}, by: ann, as: started}
    expect:
      - {name: it waits, run: {of: started, is: waiting}}
  - name: at once
    acts:
      - at-once:
          - {dispatch: {workflow: slow.yml}, by: ann, as: one}
          - {dispatch: {workflow: slow.yml}, by: bob, as: two}
    expect:
      - {name: the first, run: {of: one, is: success}}
      - {name: the second, run: {of: two, is: success}}
      - {name: its own kubectl, message: {of: one, contains: [kubectl wait of the rehearsal]}}
`;

/** Writes a pipeline of two repositories with an App, a mail server and a chat into a folder of its own. */
export function writeWholePipeline(): { pipeline: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "whole-"));
  for (const [path, text] of Object.entries({ ...files, "rehearsal.yml": rehearsal })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text.replace(/^\n/, ""), {
      mode: path.startsWith("programs/") ? 0o755 : 0o644,
    });
  }
  return { pipeline: folder, remove: () => rmSync(folder, { recursive: true }) };
}
